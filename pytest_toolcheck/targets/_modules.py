"""Load the Python module that a spec names: once per target, isolated from the modules of other specs."""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import os
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType

from ..errors import TargetError
from ..spec.wording import did_you_mean
from ._attempt import goes_through, text_of
from ._frames import is_users

_MOST_OFFERED = 12

_our_folders: set[Path] = set()
"""The folders that earlier targets brought onto `sys.path`: only modules from there are ever replaced."""


def load_module(name: str, *, path: Sequence[str] = (), spec_path: Path) -> ModuleType:
    """Import `name`, a dotted module or a `.py` path, with the folders of `path` before all others.

    Relative folders and files are relative to the spec. Raises TargetError with the reason and the line.
    """
    here = spec_path.resolve().parent
    folders = [(here / folder).resolve() for folder in path]
    missing = [str(folder) for folder in folders if not folder.is_dir()]
    if missing:
        raise TargetError(f"cannot load {name}: the folder {missing[0]} of `path` does not exist")
    if name.endswith(".py"):
        file = (here / name).resolve()
        _enter_folders([*folders, file.parent])
        return _guarded(name, file, lambda: _load_file(file, spec_path))
    _enter_folders(folders)
    _append_folders([here, Path.cwd()])
    return _guarded(name, None, lambda: importlib.import_module(name))


def resolve(module: ModuleType, reference: str, *, spec_path: Path) -> object:
    """Return what `attr`, `Class.attr` or `other.module:attr` names. Raises TargetError when there is no such thing."""
    other, colon, attribute = reference.rpartition(":")
    owner: object = load_module(other, spec_path=spec_path) if colon and other else module
    for part in attribute.split("."):
        if not hasattr(owner, part):
            raise TargetError(f"{_title(owner)} has no {part!r}{_offer(owner, part)}")
        owner = getattr(owner, part)
    return owner


def _load_file(file: Path, spec_path: Path) -> ModuleType:
    if not file.is_file():
        raise FileNotFoundError(f"there is no file {file}")
    key = hashlib.sha256(f"{spec_path.resolve()}\0{file}".encode()).hexdigest()[:10]
    name = f"{file.stem}_toolcheck_{key}"
    found = importlib.util.spec_from_file_location(name, file)
    if found is None or found.loader is None:
        raise ImportError(f"{file} is no Python file")
    module = importlib.util.module_from_spec(found)
    sys.modules[name] = module  # dataclasses and type hints look their own module up there
    try:
        found.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module


def _enter_folders(folders: Sequence[Path]) -> None:
    """Put `folders` first on `sys.path`, and forget same-named modules of other specs' folders."""
    for folder in reversed(folders):
        text = str(folder)
        if text in sys.path:
            sys.path.remove(text)
        sys.path.insert(0, text)
        _forget_namesakes(folder)
        _our_folders.add(folder)
    importlib.invalidate_caches()


def _append_folders(folders: Sequence[Path]) -> None:
    for folder in folders:
        if str(folder) not in sys.path and "" not in sys.path:
            sys.path.append(str(folder))


def _forget_namesakes(folder: Path) -> None:
    for name in {entry.stem for entry in folder.iterdir() if entry.suffix == ".py" or entry.is_dir()}:
        old = _folder_of(sys.modules.get(name))
        if old is not None and old != folder and old in _our_folders:
            for loaded in [key for key in sys.modules if key == name or key.startswith(f"{name}.")]:
                del sys.modules[loaded]


def _folder_of(module: ModuleType | None) -> Path | None:
    file = getattr(module, "__file__", None)
    if not file:
        return None
    at = Path(file).resolve()
    return at.parent.parent if at.name == "__init__.py" else at.parent


def _guarded(name: str, file: Path | None, load: object) -> ModuleType:
    try:
        module: ModuleType = load()  # type: ignore[operator]
        return module
    except BaseException as error:
        if goes_through(error):
            raise
        raise TargetError(_import_failure(name, file, error)) from error


def _import_failure(name: str, file: Path | None, error: BaseException) -> str:
    """One line first: what, why, where; then the traceback below our own frames."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if not _is_machinery(frame.filename)]
    own = [frame for frame in frames if is_users(frame.filename)] or frames
    where = f" ({os.path.relpath(own[-1].filename)}:{own[-1].lineno})" if own else ""
    if isinstance(error, SyntaxError) and error.filename:
        where = f" ({os.path.relpath(error.filename)}:{error.lineno})"
    said = text_of(error)
    reason = f"{type(error).__name__}: {said}".splitlines()[0]
    first = f"cannot import {file.name if file else name}: {reason}{where}"
    if not frames and isinstance(error, ModuleNotFoundError):
        return f"{first}\nWrite {{python: {{module: {name}, path: [folder]}}}} with the folder that holds it."
    if isinstance(error, ModuleNotFoundError) and own and said == f"No module named {error.name!r}":
        first += f"\nInstall what has the module {error.name} for {sys.executable}, or add its folder to the target's `path`."
    more = said.splitlines()[1:]
    return "\n".join([first, *(line.rstrip() for line in traceback.format_list(frames)), *more])


def _is_machinery(filename: str) -> bool:
    return filename.startswith("<frozen") or filename == __file__ or os.sep + "importlib" + os.sep in filename


def _title(owner: object) -> str:
    if isinstance(owner, ModuleType):
        return Path(owner.__file__).name if owner.__file__ else owner.__name__
    return type(owner).__name__ if not isinstance(owner, type) else owner.__name__


def _offer(owner: object, missing: str) -> str:
    names = [name for name in dir(owner) if not name.startswith("_") and callable(getattr(owner, name, None))]
    hint = did_you_mean(missing, names)
    return f".{hint} It has: {', '.join(names[:_MOST_OFFERED])}" if names else ""
