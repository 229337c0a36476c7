"""Getting a data set's files ready, once, before workers need them."""

from contextlib import ExitStack
from pathlib import Path

from benchmark.app.workers.progress import Meter, shown_board
from benchmark.images import DataSettings, record_of


def prepare_images(settings: DataSettings, folder: Path) -> None:
    """Find, download or decode the files of a data set, and show how far decoding is."""
    with ExitStack() as stack:
        meters: list[Meter] = []

        def show(share: float) -> None:
            if not meters:  # now it is clear that it takes time
                board = stack.enter_context(shown_board(1, f"decoding {settings.dataset}"))
                meters.append(board.meter(0))
            meters[0].show(share)

        record_of(settings).prepare(settings, folder, show)
