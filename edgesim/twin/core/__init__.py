"""What any twin needs: clock, random streams, event log, trace files, queues."""
