"""Analyse once, render often: the resident engine, its cached answers, and the fast half that makes stems."""
