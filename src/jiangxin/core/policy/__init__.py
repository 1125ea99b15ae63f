"""The policy engine: a pack of dated, cited data, and what follows from it for a filled form."""

from .assess import Finding, assess, explain, overall
from .check import check_pack
from .completeness import Problem, computed_values, problems, section_status
from .facts import facts_from
from .floor import Refusal, check_overlay
from .forms import Computed, Field, Form, Option, Rule, Section
from .load import load_pack, read_overlay
from .model import Clause, Level, Norm, Occupation, Parameter, Requirement, Track
from .overlay import Overlay, Preference
from .pack import Pack
from .reading import Parsed, field_text, hints, is_raw, parse_section, section_values
from .verdict import Verdict, all_met, any_met

__all__ = [
    "Clause",
    "Computed",
    "Field",
    "Finding",
    "Form",
    "Level",
    "Norm",
    "Occupation",
    "Option",
    "Overlay",
    "Pack",
    "Parameter",
    "Parsed",
    "Preference",
    "Problem",
    "Refusal",
    "Requirement",
    "Rule",
    "Section",
    "Track",
    "Verdict",
    "all_met",
    "any_met",
    "assess",
    "check_overlay",
    "check_pack",
    "computed_values",
    "explain",
    "facts_from",
    "field_text",
    "hints",
    "is_raw",
    "load_pack",
    "overall",
    "parse_section",
    "problems",
    "read_overlay",
    "section_status",
    "section_values",
]
