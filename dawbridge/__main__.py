"""`python -m dawbridge`."""

from dawbridge.cli import main

raise SystemExit(main())
