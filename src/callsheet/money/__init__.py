"""Money: budgets, holds and charges in a double-entry ledger of micro-dollars."""
