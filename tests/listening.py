"""What a mailbox got, as a list that grows by itself."""

from collections import UserList


class Heard(UserList):
    """All that came into `box` so far; with `flat`, the parts of what came."""

    def __init__(self, box=None, *, flat=False):
        self._box, self._flat, self._seen = box, flat, []

    @property
    def data(self):
        for item in self._box.drain() if self._box else ():
            self._seen.extend(item) if self._flat else self._seen.append(item)
        return self._seen

    def __getitem__(self, place):
        return self.data[place]
