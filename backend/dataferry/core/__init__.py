"""What every other part stands on: the domain's values, errors, settings and the database."""
