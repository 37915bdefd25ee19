import asyncio
import io
import shutil

from annotations.errands import Pace
from ui.terminal.watching import print_line, tell


class Screen(io.StringIO):
    def isatty(self):
        return True


class Errand:
    def find_pace(self):
        return Pace("", 30, 0)


def test_a_line_that_is_too_long_for_the_screen_stays_one_line():
    screen = Screen()
    print_line(screen, "x" * 500, "")
    print_line(screen, "short", "")
    first, second = screen.getvalue().split("\r")[1:]
    assert len(first) == len(second) == shutil.get_terminal_size().columns - 1


def test_a_run_that_is_stopped_says_so_while_it_ends():
    async def scene():
        screen, stop = Screen(), asyncio.Event()
        stop.set()
        telling = asyncio.create_task(tell(Errand(), screen, stop))
        while not screen.getvalue():
            await asyncio.sleep(0.01)
        telling.cancel()
        return screen.getvalue()

    assert "0 of 30, waiting for the first answer, stopping" in asyncio.run(scene())
