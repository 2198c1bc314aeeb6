"""Quality of experience from quality of service, by three models.

``authors``: arXiv 1804.02099, with bandwidth b, delay d and its bound D in ms:
``ln(b) - 10 exp(-(D - d) / 10)``. Unitless; b counts in ``qoe.bandwidth_unit``. Loss plays no part.

``iqx``: the IQX hypothesis of Fiedler, Hossfeld and Tran-Gia, "A generic quantitative relationship
between quality of experience and quality of service", IEEE Network 24(2), 2010: ``alpha exp(-beta
x) + gamma`` with a disturbance x. Here ``x = d / D + loss / loss_bound``: a delay of the whole
bound disturbs as much as a loss of ``qoe.loss_bound``. With alpha 4 and gamma 1 it is a mean
opinion score (MOS) from 1 to 5.

``emodel``: the E-model of ITU-T G.107 with its default values but for delay and loss, as Cole and
Rosenbluth reduce it ("Voice over IP performance monitoring", ACM CCR 31(2), 2001): rating factor
``R = 93.2 - Id - Ie_eff``, delay impairment ``Id = 0.024 d + 0.11 max(0, d - 177.3)``, equipment
impairment ``Ie_eff = Ie + (95 - Ie) Ppl / (Ppl + Bpl)`` with packet loss Ppl in per cent, and
codec values of ITU-T G.113 Appendix I for G.711 with loss concealment under random loss: Ie 0,
Bpl 25.1. MOS by G.107 Annex B: 1 below R = 0, 4.5 above R = 100, and
``1 + 0.035 R + R (R - 60) (100 - R) 7e-6`` between. Bandwidth and bound play no part.
"""

from collections.abc import Callable
from functools import partial
from math import exp, inf, log

from edgesim.scenarios.sfc.schema import QoE
from edgesim.twin.sfc.chain import QoS, Request

__all__ = ["QoEModel", "authors", "emodel", "iqx", "qoe_model"]


QoEModel = Callable[[Request, QoS], float]
"""What a quality of service means to who made the request; it never rises with delay or loss."""


def authors(bandwidth: float, delay_ms: float, max_delay_ms: float) -> float:
    """The formula of arXiv 1804.02099; minus infinity without bandwidth."""
    if bandwidth <= 0:
        return -inf
    # A delay of seconds over the bound must not end in an overflow.
    return log(bandwidth) - 10.0 * exp(min((delay_ms - max_delay_ms) / 10.0, 700.0))


def iqx(disturbance: float, alpha: float, beta: float, gamma: float) -> float:
    """The IQX hypothesis: an exponential of the disturbance, 0 for none."""
    return alpha * exp(-beta * disturbance) + gamma


def emodel(delay_ms: float, loss: float) -> float:
    """Mean opinion score of a call, 1 to 4.5.

    Args:
        delay_ms: one-way delay from mouth to ear.
        loss: share of the packets that is lost, 0 to 1.
    """
    loss_percent = 100.0 * loss
    delay_impairment = 0.024 * delay_ms + 0.11 * max(0.0, delay_ms - 177.3)
    rating = 93.2 - delay_impairment - 95.0 * loss_percent / (loss_percent + 25.1)
    if rating <= 0:
        return 1.0
    # The cubic dips below 1 for ratings under 6.5: a score does not.
    return max(1.0, 1 + 0.035 * rating + rating * (rating - 60) * (100 - rating) * 7e-6)


def qoe_model(parameters: QoE) -> QoEModel:
    """The model that a scenario names, never below ``qoe.floor``."""
    model: QoEModel = partial(_MODELS[parameters.model], parameters)
    if parameters.floor is None:
        return model
    return partial(_at_least, parameters.floor, model)


def _at_least(floor: float, model: QoEModel, request: Request, qos: QoS) -> float:
    return max(floor, model(request, qos))


def _authors(of: QoE, request: Request, qos: QoS) -> float:
    return authors(qos.bandwidth / of.bandwidth_unit, qos.delay_ms, request.max_delay_ms)


def _iqx(of: QoE, request: Request, qos: QoS) -> float:
    disturbance = qos.delay_ms / request.max_delay_ms + qos.loss / of.loss_bound
    return iqx(disturbance, of.iqx_alpha, of.iqx_beta, of.iqx_gamma)


def _emodel(_: QoE, request: Request, qos: QoS) -> float:
    return emodel(qos.delay_ms, qos.loss)


_MODELS = {"authors": _authors, "iqx": _iqx, "emodel": _emodel}
