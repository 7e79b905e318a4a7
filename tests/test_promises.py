"""The rooms beside the cases, through the plugin: budgets, resilience, faults, fuzz, virtual time, hand-written tests."""

from __future__ import annotations

import pytest

from .specs import PLUGINS, events, run, write_tool

ECHO = '''
def echo(text: str) -> str:
    """Echo."""
    if not isinstance(text, str):
        raise ValueError("text: expected a text")
    return text
'''


def test_budgets_of_a_spec_are_items_with_verdicts(pytester: pytest.Pytester) -> None:
    """A kept budget passes and is logged; one that cannot be kept fails with the figure and the budget."""
    write_tool(pytester, ECHO, "tools:\n  echo:\n    budgets: {cpu: {time: 5s}}\n")
    run(pytester, "--toolcheck-log=log", "-k", "budget").stdout.fnmatch_lines(["*1 passed*"])
    assert [e["attrs"]["verdict"] for e in events(pytester.path / "log") if e["ev"] == "budget.verdict"] == ["pass"]
    busy = ECHO.replace("    return text", "    sum(range(400_000))\n    return text")
    write_tool(pytester, busy, "tools:\n  echo:\n    budgets: {cpu: {time: 100us}}\n")
    result = run(pytester, "--toolcheck-log=off", "-k", "budget")
    result.stdout.fnmatch_lines(["FAILED *::budget[[]cpu] - budget: cpu time *budget 100 us*"])


def test_budget_markers_judge_the_body_or_the_calls_of_the_tool(pytester: pytest.Pytester) -> None:
    """On a plain test the body is measured, on a test with the fixture `tool` its calls; an impossible budget stops the run."""
    write_tool(pytester, ECHO)
    pytester.makepyfile(
        """
        import pytest
        @pytest.mark.cpu_budget(time="100us", rounds=400)
        def test_body_is_too_slow(): sum(range(20_000))
        @pytest.mark.cpu_budget(time="10s")
        def test_body_is_fast(): pass
        @pytest.mark.cpu_budget(time="10s")
        @pytest.mark.tool_spec("shop.tool.yaml")
        def test_calls_are_fast(tool): assert tool(text="a") == "a"
        """
    )
    result = pytester.runpytest_inprocess(*PLUGINS, "--toolcheck-log=off", "-k", "body or calls")
    assert {k: v for k, v in result.parseoutcomes().items() if k in ("passed", "failed")} == {"passed": 2, "failed": 1}
    result.stdout.fnmatch_lines(["*BudgetExceeded: cpu time *budget 100 us*", "FAILED *::test_body_is_too_slow*"])
    pytester.makepyfile("import pytest\n@pytest.mark.cpu_budget(time='10 apples')\ndef test_one(): pass\n")
    run(pytester).stdout.fnmatch_lines(["*.py:2: cpu_budget(time='10 apples'): *", "ERROR *::test_one*"])


def test_promises_under_failure_run_in_virtual_time(pytester: pytest.Pytester) -> None:
    """A retry that is kept passes each of its sentences; a missing attempt is found; a minute costs milliseconds."""
    (pytester.path / "providers.py").write_text("def quote(sku):\n    return {'price': 1, 'sku': sku}\n")
    code = '''
    import time
    import providers
    def price(sku: str) -> dict:
        """Price."""
        for wait in (20, 40, None):
            try:
                return providers.quote(sku)
            except ConnectionError:
                if wait is None:
                    raise
                time.sleep(wait)
    '''
    spec = """
    tools:
      price:
        examples: [{input: {sku: A}}]
        depends_on: {provider: {python: "providers:quote"}}
        resilience:
          - {on: provider, retry: {attempts: 3, delays: [20s, 40s], retries: [ConnectionError]}}
    """
    write_tool(pytester, code, spec)
    result = run(pytester, "--toolcheck-log=off", "-k", "retry")
    assert result.parseoutcomes()["passed"] >= 3
    assert "failed" not in result.parseoutcomes()
    write_tool(pytester, code.replace("(20, 40, None)", "(20, None)"), spec)
    result = run(pytester, "--toolcheck-log=off", "-k", "retry")
    result.stdout.fnmatch_lines(["FAILED *::retry[[]provider:*"])


def test_faults_of_a_spec_are_injected_and_must_fire(pytester: pytest.Pytester) -> None:
    """A fault in place of a dependency is met as expected; one that never fires fails its case."""
    (pytester.path / "stock.py").write_text("def count(sku):\n    return 3\n")
    code = '''
    import stock
    def left(sku: str) -> int:
        """Left."""
        try:
            return stock.count(sku)
        except ConnectionError:
            return -1
    '''
    spec = """
    tools:
      left:
        examples: [{input: {sku: A}}]
        depends_on: {stock: {python: "stock:count"}}
        faults: [{on: stock, inject: "error(ConnectionError)", expect: {equals: -1}}]
    """
    write_tool(pytester, code, spec)
    run(pytester, "--toolcheck-log=off", "-k", "fault").stdout.fnmatch_lines(["*1 passed*"])
    write_tool(pytester, code.replace("return stock.count(sku)", "return -1"), spec)
    run(pytester, "--toolcheck-log=off", "-k", "fault").stdout.fnmatch_lines(["*1 failed*"])


def test_a_case_runs_in_virtual_time_where_the_spec_says_so(pytester: pytest.Pytester) -> None:
    """`clock: virtual`: a tool that sleeps a minute, with a limit of two, answers at once and within it."""
    code = ECHO.replace("    return text", "    import time\n    time.sleep(60)\n    return text")
    write_tool(pytester, code, "tools:\n  echo: {clock: virtual, timeout: 2min, variations: {limit: 5}}\n")
    result = run(pytester, "--toolcheck-log=log")
    assert "failed" not in result.parseoutcomes()
    assert result.duration < 60


def test_fuzzing_is_an_item_for_each_label(pytester: pytest.Pytester) -> None:
    """`categories: [fuzz]` finds a fault that only some texts show, and offers the smallest as an example."""
    code = ECHO.replace("    return text", "    assert 'z' not in text\n    return text")
    schema = "{type: object, properties: {text: {type: string, pattern: '^[xyz]{0,5}$'}}, required: [text]}"
    write_tool(
        pytester,
        code,
        f"tools:\n  echo:\n    input: {schema}\n    variations: {{categories: [fuzz], fuzz: 200, seed: 1}}\n",
    )
    result = run(pytester, "--toolcheck-log=off", "-k", "fuzz")
    result.stdout.fnmatch_lines(["FAILED *::fuzz[[]valid] - no_crash: echo crashed: AssertionError*"])
    result.stdout.fnmatch_lines(["*examples entry:", "*examples:*", "*text: z*"])


def test_a_hand_written_test_runs_once_a_case(pytester: pytest.Pytester) -> None:
    """`tool_spec` with the fixtures `tool` and `case`: one item a generated case; `tools` maps names."""
    write_tool(pytester, ECHO)
    pytester.makepyfile(
        """
        import pytest
        pytestmark = pytest.mark.tool_spec("shop.tool.yaml")
        def test_echo(tool, case):
            outcome = tool.call(case.input)
            assert (outcome.kind == "accepted") == (case.label == "valid")
        def test_cases_alone(case, tool_sessions):
            assert case.label in ("valid", "invalid")
        def test_all(tools):
            assert tools["echo"](text="hi") == "hi"
            with pytest.raises(AssertionError, match="echo was refused: ValueError: text: expected a text"):
                tools["echo"](text=1)
        """
    )
    name = "test_a_hand_written_test_runs_once_a_case.py"
    result = run(pytester, "--toolcheck-log=off", name)
    assert result.parseoutcomes()["passed"] > 20
    assert set(result.parseoutcomes()) == {"passed"}


def test_fixtures_for_faults_breakers_and_sessions(pytester: pytest.Pytester) -> None:
    """`faults` heals and fails what never fired, `breakers` controls a breaker, `tool_sessions` opens sessions."""
    write_tool(pytester, ECHO)
    (pytester.path / "net.py").write_text("def fetch():\n    return 1\n")
    pytester.makepyfile(
        """
        import net, pybreaker, pytest
        def test_fault(faults):
            faults.inject("net:fetch", "error(ConnectionError)")
            with pytest.raises(ConnectionError): net.fetch()
        def test_unused(faults): faults.inject("net:fetch", "error(ConnectionError)")
        def test_healed(): assert net.fetch() == 1
        def test_breaker(breakers):
            control = breakers.control(pybreaker.CircuitBreaker())
            control.trip()
            assert control.state == "open"
        @pytest.mark.tool_spec("shop.tool.yaml")
        def test_sessions(tool_sessions):
            sessions = tool_sessions.open(3)
            assert [s.call("echo", text="a").value for s in sessions] == ["a"] * 3
        """
    )
    pytester.syspathinsert()
    result = run(pytester, "--toolcheck-log=off", "test_fixtures_for_faults_breakers_and_sessions.py")
    result.assert_outcomes(passed=4, failed=1)
    result.stdout.fnmatch_lines(["fault * at net:fetch never fired*", "FAILED *::test_unused*"])


def test_the_strength_of_combinations_is_the_spec_s(pytester: pytest.Pytester) -> None:
    """`strength: 3` covers all triples: more rows than pairs need."""
    code = 'def f(a: bool = False, b: bool = False, c: bool = False, d: bool = False, e: bool = False) -> int:\n    """F."""\n    return 1\n'
    rows = []
    for strength in (2, 3):
        write_tool(
            pytester, code, f"tools:\n  f: {{variations: {{categories: [combination], strength: {strength}}}}}\n"
        )
        collected = run(pytester, "--collect-only", "-q").outlines
        rows.append(sum("::combination[" in line for line in collected))
    assert rows[0] < rows[1]
