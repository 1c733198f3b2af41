"""What `doctor` looks at, one module for each kind of thing; a look changes nothing but for a probe file in a store."""
