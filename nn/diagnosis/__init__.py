"""diagnose: which of a student's equations is wrong, and how.

Read next: `nn.diagnosis.kinds`, the mistakes it knows.
"""

from nn.diagnosis.findings import Candidate, Diagnosis, Evidence, Finding, Note
from nn.diagnosis.inspection import diagnose
from nn.diagnosis.kinds import KINDS, NOTES

__all__ = ["KINDS", "NOTES", "Candidate", "Diagnosis", "Evidence", "Finding", "Note", "diagnose"]
