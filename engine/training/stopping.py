"""Early stopping: the held-out loss decides when to end, and the best epoch is kept, not the last."""

from dataclasses import dataclass


@dataclass
class Stopping:
    """`patience` epochs without a lower loss than the best one end the training."""

    patience: int
    best: int = 0
    lowest: float = float("inf")
    epoch: int = 0

    def ended(self, loss: float) -> bool:
        """An epoch ended with this held-out loss; whether it is the best so far."""
        self.epoch += 1
        if loss >= self.lowest:
            return False
        self.best, self.lowest = self.epoch, loss
        return True

    @property
    def enough(self) -> bool:
        return self.epoch - self.best >= self.patience
