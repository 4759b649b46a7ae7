"""`python -m acapellanet`."""

from acapellanet.cli import main

raise SystemExit(main())
