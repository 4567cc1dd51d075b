std = "lua54"
max_line_length = 120
ignore = { "581", "582" } -- not (x >= y) is how a NaN is caught
files["spec"] = { std = "lua54+busted" }
files["examples/*_spec.lua"] = { std = "lua54+busted" }
files["types"] = {
  -- Annotations only: parameters exist to be described.
  ignore = { "212", "241", "221", "211", "111", "112", "113", "131" },
}
exclude_files = { "build" }
