-- The methods of processes that are written in Lua; the core has the rest.
local arguments = require "hcs.arguments"
local core = require "hcs.core"
local deadline = require "hcs.deadline"
local errors = require "hcs.errors"
local interact = require "hcs.interact"
local options = require "hcs.options"
local run = require "hcs.run"
local stdio = require "hcs.stdio"
local waitable = require "hcs.waitable"

local check_self = arguments.self

local process = {}
local methods = {}

local communicate_options = { input = "string", timeout = "seconds" }

function methods:wait(timeout)
  check_self(self, "process", "wait")
  arguments.timeout(timeout, 1, "wait")
  local code, err = deadline.persist(core.process_wait, self, deadline.after(timeout))
  if code then return code end
  return errors.missed(err, "the process has not ended", timeout)
end

function methods:stdio()
  check_self(self, "process", "stdio")
  return stdio(self)
end

function methods:communicate(asked)
  check_self(self, "process", "communicate")
  local chosen = options.check(asked, communicate_options, 1, "communicate")
  return run.communicate(self, chosen)
end

function methods:interact()
  check_self(self, "process", "interact")
  return interact(self)
end

waitable.install(methods, "process")

process.methods = methods

return process
