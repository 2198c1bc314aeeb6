"""What a release needs agrees: version, citation, changelog and tag; and what helpers are given."""

import re
import shutil
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[1]
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]

CHANGELOG = "# Changelog\n\n## [Unreleased]\n\n## [0.2.0] - 2026-11-30\n\n### Added\n\n- A line.\n"


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository whose files are all at version 0.2.0, without a tag."""
    (tmp_path / ".ci").mkdir()
    shutil.copy(ROOT / ".ci" / "release", tmp_path / ".ci")
    (tmp_path / "pyproject.toml").write_text('[project]\nversion = "0.2.0" # the one place\n')
    (tmp_path / "CITATION.cff").write_text("cff-version: 1.2.0\nversion: 0.2.0\n")
    (tmp_path / "CHANGELOG.md").write_text(CHANGELOG)
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-q", "-m", "all of it")
    return tmp_path


def git(folder: Path, *words: str) -> None:
    who = ("-c", "user.name=tester", "-c", "user.email=tester@example.org")
    subprocess.run(["git", *who, *words], cwd=folder, check=True)


def check(folder: Path) -> tuple[int, str]:
    ran = subprocess.run(
        [folder / ".ci" / "release", "check"], capture_output=True, text=True, check=False
    )
    return ran.returncode, ran.stdout + ran.stderr


def test_what_agrees_can_be_rehearsed_before_it_is_tagged(repository: Path) -> None:
    assert check(repository) == (0, "release: this commit has no tag yet; v0.2.0 is rehearsed\n")


def test_a_tag_is_the_version(repository: Path) -> None:
    git(repository, "tag", "v0.2.0")
    assert check(repository) == (0, "")


def test_another_tag_is_refused(repository: Path) -> None:
    git(repository, "tag", "v0.3.0")
    status, said = check(repository)
    assert status == 1
    assert said == "release: pyproject.toml has version 0.2.0, this commit is tagged v0.3.0\n"


def test_tags_that_name_no_version_do_not_matter(repository: Path) -> None:
    git(repository, "tag", "before-the-move")
    assert check(repository)[0] == 0


def test_a_citation_of_another_version_is_refused(repository: Path) -> None:
    (repository / "CITATION.cff").write_text("cff-version: 1.2.0\nversion: 0.1.0\n")
    assert check(repository) == (
        1,
        "release: pyproject.toml has version 0.2.0, CITATION.cff has 0.1.0\n",
    )


@pytest.mark.parametrize(
    "head",
    ["## [0.2.1] - 2026-11-30", "## [0.2.0]", "## [0x2.0] - 2026-11-30"],
)
def test_a_version_without_its_dated_section_in_the_changelog_is_refused(
    repository: Path, head: str
) -> None:
    text = CHANGELOG.replace("## [0.2.0] - 2026-11-30", head)
    (repository / "CHANGELOG.md").write_text(text)
    assert check(repository) == (
        1,
        "release: CHANGELOG.md has no line '## [0.2.0] - YYYY-MM-DD'\n",
    )


def test_nothing_is_released_from_files_that_are_not_committed(repository: Path) -> None:
    (repository / "forgotten.py").write_text("")
    ran = subprocess.run(
        [repository / ".ci" / "release"], capture_output=True, text=True, check=False
    )
    assert ran.returncode == 1
    assert ran.stderr == "release: there are changes that are not committed\n"


# --- this repository --------------------------------------------------------------------------

REQUIRED = {"cff-version", "message", "title", "authors"}
KNOWN = REQUIRED | {"abstract", "keywords", "license", "references", "type", "version"}
"""Keys of the Citation File Format 1.2.0: those that it requires, and others that we use."""


def test_the_citation_file_is_one() -> None:
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    assert set(citation) >= REQUIRED
    assert set(citation) <= KNOWN
    assert citation["cff-version"] == "1.2.0"
    assert citation["type"] == "software"
    assert citation["version"] == PROJECT["version"]
    assert citation["license"] == PROJECT["license"]
    assert citation["authors"] == PROJECT["authors"]
    for work in citation["references"]:
        assert {"type", "title", "authors"} <= set(work)  # what the format requires of a reference
        assert all(set(author) == {"given-names", "family-names"} for author in work["authors"])
        assert all(set(it) == {"type", "value"} for it in work["identifiers"])


def test_the_papers_that_are_cited_are_those_of_the_presets() -> None:
    text = (ROOT / "CITATION.cff").read_text()
    papers = {
        number
        for path in (ROOT / "edgesim" / "scenarios").rglob("*_paper.yaml")
        for number in re.findall(r"arXiv (\d{4}\.\d{5})", path.read_text())
    }
    assert papers
    assert papers <= set(re.findall(r"arXiv:(\d{4}\.\d{5})", text))


def test_the_changelog_has_unreleased_first_and_versions_that_fall() -> None:
    text = (ROOT / "CHANGELOG.md").read_text()
    heads = re.findall(r"^## \[(.*?)\](?: - (\d{4}-\d{2}-\d{2}))?$", text, re.MULTILINE)
    assert len(heads) == len(re.findall(r"^## ", text, re.MULTILINE))
    assert heads[0] == ("Unreleased", "")
    versions = [tuple(map(int, name.split("."))) for name, _ in heads[1:]]
    assert versions == sorted(set(versions), reverse=True)
    assert all(date for _, date in heads[1:])


def test_ci_tries_every_python_that_is_promised_by_the_same_script() -> None:
    workflow = yaml.safe_load((ROOT / ".github" / "workflows" / "ci.yml").read_text())
    job = workflow["jobs"]["test"]
    promised = [it.rpartition(" ")[2] for it in PROJECT["classifiers"] if ":: 3." in it]
    assert job["strategy"]["matrix"]["python"] == promised
    assert [step["run"] for step in job["steps"] if "run" in step] == [".ci/run"]


def test_hooks_run_tools_that_the_extra_dev_installs() -> None:
    config = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())
    hooks = [hook for repository in config["repos"] for hook in repository["hooks"]]
    tools = {hook["entry"].split()[0] for hook in hooks}
    assert tools == {"ruff", "mypy"}
    installed = {re.split(r"\W", it)[0] for it in PROJECT["optional-dependencies"]["dev"]}
    assert tools <= installed
    assert all(hook["language"] == "system" for hook in hooks)


@pytest.mark.parametrize(
    "path", sorted((ROOT / ".github" / "ISSUE_TEMPLATE").glob("*.yml")), ids=lambda it: it.stem
)
def test_an_issue_form_has_what_the_format_requires(path: Path) -> None:
    form = yaml.safe_load(path.read_text())
    assert {"name", "description", "body"} <= set(form)
    fields = [field for field in form["body"] if field["type"] != "markdown"]
    assert all(field["attributes"]["label"] for field in fields)
    assert len({field["id"] for field in fields}) == len(fields)
    assert {field["type"] for field in fields} <= {"textarea", "input", "dropdown", "checkboxes"}
