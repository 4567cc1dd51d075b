-- lua.exe run.lua [OPTION|SPEC...] - runs the specs beside it with the busted beside it, in TAP.
-- HCS_TEST_SERVICE: "real" for this machine's Host Compute Service, "standin" for the tests' own vmcompute.dll.
local folder = arg[0]:match "^(.*[/\\])" or ".\\"
package.cpath = folder .. "?.dll;" .. package.cpath
assert(require "lfs".chdir(folder))
package.path = ".\\lua\\?.lua;.\\lua\\?\\init.lua;.\\?.lua;.\\?\\init.lua;" .. package.path
package.cpath = ".\\?.dll;" .. package.cpath

local options = { "--ignore-lua", "--output=TAP", "--verbose" }
if os.getenv "HCS_TEST_SERVICE" ~= "standin" then table.insert(options, "--exclude-tags=standin") end
table.move(arg, 1, #arg, #options + 1)
table.move(options, 1, #options, 1, arg)

require "busted.runner" { standalone = false }
