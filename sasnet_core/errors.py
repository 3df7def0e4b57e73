"""What a user can mend: every message says what must be, what came and what to do."""


class SasnetError(Exception):
    """Base of the errors that end a command with one line and exit code 2."""


class StructureError(SasnetError):
    """A structure file cannot be used."""


class SelectionError(SasnetError):
    """The chosen chains are not those of two partners."""


class WeightsError(SasnetError):
    """A weights folder is missing, damaged or made with other settings."""


class DatasetError(SasnetError):
    """A dataset or benchmark folder cannot be used."""


class OutputError(SasnetError):
    """Results cannot be written."""


class SettingError(SasnetError):
    """A number or a choice is out of its range."""
