"""Pure: fleet and state to a plan. `planner` makes it, `audit` looks at it with eyes of its own."""
