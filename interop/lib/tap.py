"""Cases, reported in the Test Anything Protocol: one line each, `ok - ...` or `not ok - ...`."""

import sys
import traceback

_results = []


def test(name):
    """Runs the function below it as one case: it passes unless it raises. The name becomes what it returned."""

    def run(body):
        try:
            answer = body()
        except Exception:
            _results.append(False)
            print(f"not ok - {name}")
            for line in traceback.format_exc().splitlines():
                print(f"# {line}")
            answer = None
        else:
            _results.append(True)
            print(f"ok - {name}")
        sys.stdout.flush()
        return answer

    return run


def done():
    """Says how many cases there were, and ends."""
    print(f"1..{len(_results)}")
    sys.stdout.flush()
    sys.exit(0 if all(_results) else 1)
