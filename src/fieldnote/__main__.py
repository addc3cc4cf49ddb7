"""`python -m fieldnote`."""

from fieldnote.cli import main

if __name__ == "__main__":
    main()
