"""Reading: what pages, the API and operations ask. Constant numbers of queries; nothing is written."""
