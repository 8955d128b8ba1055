"""The cards are what their figures and notes say."""
import json
import sys
from pathlib import Path

import pytest

pytest.importorskip("torch", reason="PyTorch is not installed here: the cards' test is skipped")
pytest.importorskip("onnx", reason="the cards need models/train/requirements.txt")
MODELS = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(MODELS))
from train import card  # noqa: E402


@pytest.mark.parametrize("name", card.TITLE)
def test_the_committed_card_is_written_from_figures_and_notes(name):
    figures = json.loads((MODELS / "weights/figures.json").read_text())
    assert card.card(name, figures[name]) == (MODELS / f"cards/{name}.md").read_text(encoding="utf-8"), "run `python -m train card` in models/"
