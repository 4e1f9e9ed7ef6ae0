"""The rules, one a file: `ls rules` is the table of contents. They ship as `api_lint.rules`."""
