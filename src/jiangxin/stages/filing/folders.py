"""Where things lie in a filing package."""


def project_folder(number: str) -> str:
    """The folder of a project, with the slash at its end."""
    return f"10-项目/{number}/"
