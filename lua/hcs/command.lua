-- Commands: a string, or a ProcessConfig whose array part is its CommandArgs.
local core = require "hcs.core"
local document = require "hcs.document"
local errors = require "hcs.errors"

local ipairs, math, next, pairs, table, type, utf8 = ipairs, math, next, pairs, table, type, utf8

local command = {}

-- The ProcessConfig with its array part moved to CommandArgs, as a new table; nil and what is wrong.
function command.normalize(given)
  if type(given) == "string" then return { CommandLine = given } end
  local config, arguments = {}, {}
  for key, value in pairs(given) do
    if math.type(key) == "integer" then arguments[key] = value else config[key] = value end
  end
  if next(arguments) == nil then return config end
  if config.CommandArgs ~= nil then return nil, "config: the array part and CommandArgs are both given" end
  config.CommandArgs = arguments
  return config
end

local function has_command_line(config)
  return config.CommandLine ~= nil and config.CommandLine ~= ""
end

local function has_arguments(config)
  local arguments = config.CommandArgs
  return arguments ~= nil and not (type(arguments) == "table" and next(arguments) == nil)
end

local function refuse(container, problem)
  return errors.fail("InvalidParameter", problem, "hcs::System::CreateProcess", container:id())
end

-- What run takes in its other table.
local OPTIONS = { "check", "input", "max_output", "timeout" }

local function misplaced_option(config)
  for _, name in ipairs(OPTIONS) do
    if config[name] ~= nil then
      return ("config.%s: unknown field; it is an option: c:run(command, {%s = …})"):format(name, name)
    end
  end
end

-- The same for a process that is to be made in the container: exactly one of CommandLine and CommandArgs is there, or
-- an OCISpecification, which has its own; nil and an error.
function command.config(container, given)
  local config, problem = command.normalize(given)
  problem = problem or misplaced_option(config)
  if problem then return refuse(container, problem) end
  local line, arguments = has_command_line(config), has_arguments(config)
  if line and arguments then
    return refuse(container, "config: CommandLine and CommandArgs are both given, one is the command")
  end
  if not line and not arguments and config.OCISpecification == nil then
    return refuse(container, "config: no command; give CommandLine or CommandArgs (the array part of the table)")
  end
  return config
end

-- Starts a process; nil and an error.
function command.start(container, config, when)
  local text, problem = document.encode("ProcessConfig", config, "config")
  if not text then return refuse(container, problem) end
  return core.process_create(container, text, when or core.FOREVER)
end

-- The command for messages, cut when it is long.
function command.text(config)
  local text = config.CommandLine
  if not has_command_line(config) then
    local words = {}
    for i, word in ipairs(config.CommandArgs or { "OCISpecification" }) do
      words[i] = word:find "^[%w%%+,./:=@_-]+$" and word or "'" .. word:gsub("'", [['\'']]) .. "'"
    end
    text = table.concat(words, " ")
  end
  if #text > 200 then text = text:sub(1, utf8.offset(text, 0, 198) - 1) .. "…" end
  return text
end

return command
