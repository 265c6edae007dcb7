"""Writing into a student's folder so that nothing is lost: whole files or none, and a copy of what is replaced."""

import datetime
import os
import shutil


def write(path, data, executable=False, at_once=True):
    """The file holds all of `data`, or (a full disk, a closed terminal) what it held before.

    `at_once`: it is on the disk when this returns; not needed for what is put in place later as a whole."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.new")
    try:
        with open(temporary, "wb") as file:
            file.write(data)
            if at_once:
                file.flush()
                os.fsync(file.fileno())
        temporary.chmod(0o755 if executable else 0o644)
        os.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def now():
    return datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def backup_folder(course_folder):
    """A folder that is not there yet below .course/backup, named after the time."""
    name = datetime.datetime.now().strftime("%Y-%m-%d_%H-%M-%S")
    for suffix in ("", *(f"_{n}" for n in range(2, 1000))):
        folder = course_folder / "backup" / (name + suffix)
        if not folder.exists():
            return folder
    raise FileExistsError(str(folder))


def keep(work_folder, path):
    """Copies a file of the work folder into a new backup; returns where it is."""
    target = backup_folder(work_folder / ".course") / path
    target.parent.mkdir(parents=True)
    shutil.copy2(work_folder / path, target)
    return target
