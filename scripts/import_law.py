"""A kind of contract for import-linter: libraries that only some parts of the package import.

pyproject.toml names the libraries and these parts; every other part is kept out, those to come too, so that a
new part is one line in the layers.
"""

from grimp import ImportGraph
from importlinter import Contract, ContractCheck, fields, output


class Fence(Contract):
    """``libraries`` are imported, directly, by modules of ``only_in`` alone."""

    type_name = "fence"

    libraries = fields.SetField(subfield=fields.StringField())
    only_in = fields.SetField(subfield=fields.StringField())

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:
        breaches = sorted(
            (importer, library)
            for library in self.libraries & graph.modules
            for importer in graph.find_modules_that_directly_import(library)
            if not any(f"{importer}.".startswith(f"{part}.") for part in self.only_in)
        )
        return ContractCheck(kept=not breaches, metadata={"breaches": breaches})

    def render_broken_contract(self, check: ContractCheck) -> None:
        for importer, library in check.metadata["breaches"]:
            output.print_error(f"{importer} imports {library}.")
