"""The rules of the house, read off the source: who may import whom, and what no file may hold."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LAB = ROOT / "lab"
PAGES = sorted((ROOT / "pages").glob("*.py"))
SOURCES = [ROOT / "app.py", *PAGES, *sorted(LAB.rglob("*.py"))]

Definition = ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef

# Left to right: each room may import the rooms to its right, and itself.
ROOMS: list[set[str]] = [
    {"pages", "app", "cli", "gateway"},
    {"ui"},
    {"improve"},
    {"dpo"},
    {"preferences"},
    {"forensics"},
    {"exchange", "jobs", "answers", "outbox"},
    {"drafting"},
    {"live"},
    {"routing", "providers", "store"},
    {"encoders", "config"},
    {"types", "errors"},
]
RANK = {room: rank for rank, rooms in enumerate(ROOMS) for room in rooms}
ALLOWED_BESIDE = {("exchange", "jobs"), ("exchange", "answers"), ("exchange", "outbox")}
NO_ROOM = {LAB / "__init__.py", LAB / "install.py"}  # they import nothing of the lab, which is tested apart
PART_OF = {  # modules that share the room of another
    "__main__": "cli",
    "cli_router": "cli",
    "cli_check": "cli",
    "cli_grid": "cli",
    "cli_grid_lines": "cli",
    "cli_duels": "cli",
    "cli_export": "cli",
    "cli_export_lines": "cli",
    "cli_snapshot": "cli",
    "cli_dataset": "cli",
    "cli_dataset_add": "cli",
    "cli_dataset_lines": "cli",
    "cli_db": "cli",
    "cli_db_asking": "cli",
    "cli_forget": "cli",
    "cli_preferences": "cli",
    "cli_report": "cli",
    "records": "types",
    "messages": "types",
    "judging": "types",
    "exported": "types",
    "one_line": "types",
    "differences": "drafting",
    "conf_files": "config",
    "conf_out": "config",
    "conf_in": "config",
    "conf_fitted": "config",
}
MAY_IMPORT_UI = {"ui", "pages", "app"}


def room_of(path: Path) -> str:
    """Return the room of a source file: its package in lab, or its module."""
    inside = path.relative_to(ROOT).parts
    if inside[0] != "lab":
        return Path(inside[0]).stem
    room = Path(inside[1]).stem
    return PART_OF.get(room, room)


def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


def modules_of(node: ast.AST) -> list[str]:
    """Return the absolute names that an import statement may bind as modules."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom):
        assert node.level == 0, "imports here are absolute"
        return [f"{node.module}.{alias.name}" for alias in node.names]
    return []


def imports(path: Path) -> Iterator[tuple[ast.AST, str]]:
    for node in ast.walk(tree_of(path)):
        for module in modules_of(node):
            yield node, module


def rooms_imported(path: Path) -> Iterator[tuple[int, str]]:
    """The line and the room of every import from lab; `from lab import x` names x."""
    for node, module in imports(path):
        parts = module.split(".")
        if parts[0] == "lab" and len(parts) > 1:
            yield node.lineno, PART_OF.get(parts[1], parts[1])


def fault(importer: str, imported: str) -> str | None:
    """Say what is wrong with one room importing another, or None."""
    if importer == imported:
        return None
    if importer not in RANK or imported not in RANK:
        return "a room that the map of rooms does not know"
    if imported == "ui" and importer not in MAY_IMPORT_UI:
        return "only pages and app.py import lab.ui"
    if RANK[importer] > RANK[imported]:
        return "against the direction"
    if RANK[importer] == RANK[imported] and (importer, imported) not in ALLOWED_BESIDE:
        return "siblings do not import each other"
    return None


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


# ----------------------------------------------------------------------------------------------------- imports


@pytest.mark.parametrize(
    ("importer", "imported", "allowed"),
    [
        *[("exchange", "live", True), ("exchange", "jobs", True), ("pages", "ui", True), ("ui", "store", True)],
        *[("jobs", "exchange", False), ("live", "exchange", False), ("store", "routing", False), ("cli", "ui", False)],
        *[("config", "encoders", False), ("types", "errors", False), ("cli", "pages", False), ("store", "new", False)],
        *[("forensics", "drafting", True), ("drafting", "live", True), ("drafting", "routing", True)],
        *[("drafting", "exchange", False), ("live", "drafting", False), ("store", "drafting", False)],
    ],
)
def test_the_map_of_rooms_says_what_design_says(importer, imported, allowed):
    assert (fault(importer, imported) is None) == allowed


@pytest.mark.parametrize("path", [path for path in SOURCES if path not in NO_ROOM], ids=name)
def test_imports_point_one_way(path):
    importer = room_of(path)
    assert importer in RANK, f"{name(path)} is a room that the map of rooms does not know"
    faults = [
        f"line {line}: {importer} imports {imported}: {wrong}"
        for line, imported in rooms_imported(path)
        if (wrong := fault(importer, imported))
    ]
    assert faults == []


def test_modules_import_each_other_in_no_circle():
    """Among imports that run when a module is loaded; one inside a function waits until everything is there."""
    files = {module_name(path): path for path in SOURCES}
    graph = {module: loads(path, set(files)) - {module} for module, path in files.items()}
    done: set[str] = set()

    def visit(module: str, trail: tuple[str, ...]) -> None:
        assert module not in trail, " → ".join((*trail[trail.index(module) :], module))
        if module not in done:
            for needed in sorted(graph[module]):
                visit(needed, (*trail, module))
            done.add(module)

    for module in graph:
        visit(module, ())


def module_name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def loads(path: Path, known: set[str]) -> set[str]:
    """Return the modules whose code must have run before `path` is loaded.

    A package that imports its own modules for others to find is no circle: those modules name it for what stood in it
    before, and Python has that.
    """
    own_package = module_name(path).rpartition(".")[0]
    found = set()
    for node in at_load_time(tree_of(path)):
        for module in modules_of(node):
            target = module if module in known else module.rpartition(".")[0]
            if target in known and target != own_package:
                found.add(target)
    return found


def at_load_time(tree: ast.AST) -> Iterator[ast.AST]:
    """Walk what runs when the module is loaded: no function bodies, nothing under TYPE_CHECKING."""
    for node in ast.iter_child_nodes(tree):
        skipped = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        if skipped or (isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)):
            continue
        yield node
        yield from at_load_time(node)


def test_only_what_draws_imports_streamlit():
    wrong = [
        f"{name(path)}:{node.lineno}"
        for path in SOURCES
        if room_of(path) not in MAY_IMPORT_UI
        for node, module in imports(path)
        if module.split(".")[0] == "streamlit"
    ]
    assert wrong == []


def test_only_those_who_need_a_model_s_own_code_import_it_and_inside_a_function():
    heavy = {"torch", "transformers", "sentence_transformers"}
    allowed = {
        "lab/encoders/sentence_transformer.py": heavy,
        "lab/dpo/tokens.py": {"transformers"},
    }
    for path in SOURCES:
        for node, module in imports(path):
            package = module.split(".")[0]
            if package in heavy:
                assert package in allowed.get(name(path), set()), f"{name(path)}:{node.lineno}"
        at_load = {module.split(".")[0] for node in at_load_time(tree_of(path)) for module in modules_of(node)}
        assert not heavy & at_load, name(path)


def test_install_and_the_package_itself_need_the_standard_library_alone():
    for path in NO_ROOM:
        assert {module.split(".")[0] for _, module in imports(path)} - set(sys.stdlib_module_names) == set()


def test_importing_lab_costs_little(run_python):
    code = "import sys, lab, lab.types, lab.errors, lab.cli; print(' '.join(sys.modules))"
    done = run_python(code)
    assert done.returncode == 0, done.stderr
    heavy = {"numpy", "streamlit", "torch", "pandas", "plotly", "sqlalchemy", "hydra", "onnxruntime", "httpx", "re2"}
    assert heavy & set(done.stdout.split()) == set()


# ------------------------------------------------------------------------------------------- what no file holds


def lines_with(pattern: str) -> list[tuple[str, str]]:
    found = re.compile(pattern)
    return [
        (f"{name(path)}:{number}", line)
        for path in SOURCES
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
        if found.search(line)
    ]


def test_whoever_catches_everything_says_why_on_the_line():
    catching = lines_with(r"except\s*(\(?.*\b(Base)?Exception\b.*)?:")
    caught = [(at, line) for at, line in catching if re.search(r"except\s*:|\b(Base)?Exception\b", line.split("#")[0])]
    assert caught, "the pattern finds nothing: it should find at least the top of a thread"
    unexplained = []
    for at, line in caught:
        comment = re.sub(r"#\s*(noqa|type):[^#]*?(?=#|\s{2}|$)", "", line.partition("#")[1] + line.partition("#")[2])
        if len(comment.strip("# ")) < 10 and not reraises(at):
            unexplained.append(f"{at}: {line.strip()}")
    assert unexplained == []


def reraises(at: str) -> bool:
    """Tell whether the handler at file:line only cleans up: it ends with a bare `raise`."""
    file, _, line = at.rpartition(":")
    for node in ast.walk(tree_of(ROOT / file)):
        if isinstance(node, ast.ExceptHandler) and node.lineno == int(line):
            last = node.body[-1]
            return isinstance(last, ast.Raise) and last.exc is None
    return False


@pytest.mark.parametrize("word", ["unsafe_allow_html", r"(?<![.\w])(eval|exec)\(", "os.system", "shell=True"])
def test_nothing_is_executed_or_drawn_as_html(word):
    assert lines_with(word) == []


def test_parts_of_a_page_run_alone_by_one_way():
    assert {at.split(":")[0] for at, _ in lines_with(r"\bst\.fragment\b")} == {"lab/ui/notices.py"}


def test_nothing_is_unpickled():
    unpickling = {"pickle", "cPickle", "dill", "cloudpickle", "joblib", "shelve", "marshal"}
    imported = [(name(path), module) for path in SOURCES for _, module in imports(path)]
    assert [(at, module) for at, module in imported if module.split(".")[0] in unpickling] == []
    assert lines_with(r"allow_pickle\s*=\s*True|trust_remote_code\s*=\s*True|\bweights_only\s*=\s*False") == []
    assert lines_with(r"yaml\.(unsafe_|full_)load|yaml\.(Unsafe|Full)?Loader\b") == []


def test_no_module_is_called_utils():
    assert [name(path) for path in SOURCES if path.stem in {"utils", "util", "helpers", "misc", "common"}] == []


@pytest.mark.parametrize("path", SOURCES, ids=name)
def test_files_stay_short(path):
    limit = 120 if path in PAGES else 300
    assert len(path.read_text(encoding="utf-8").splitlines()) <= limit


@pytest.mark.parametrize("path", SOURCES, ids=name)
def test_what_is_public_says_what_it_is(path):
    tree = tree_of(path)
    silent = [] if ast.get_docstring(tree) or path.parent.name == "versions" else ["the module"]
    for node in tree.body:
        if isinstance(node, Definition) and is_silent(node):
            silent.append(node.name)
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            silent += [f"{node.name}.{one.name}" for one in node.body if isinstance(one, Definition) and is_silent(one)]
    assert silent == []


def is_silent(node: Definition) -> bool:
    public = not node.name.startswith("_")
    overload = any("overload" in ast.unparse(one) for one in node.decorator_list)
    return public and not overload and not ast.get_docstring(node)
