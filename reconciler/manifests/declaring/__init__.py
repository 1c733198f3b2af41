"""Documents to declarations: header, schema, the settings' defaults laid under; and the settings themselves."""
