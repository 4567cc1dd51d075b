/*
 * standin.h - a vmcompute.dll for tests: a Host Compute Service in the program that loads it.
 *
 * It keeps compute systems with the state rules of hcs-contract §1, answers "pending" and notifies from
 * other threads after small random delays, runs real child processes with real pipes, checks everything
 * it is given, and can be told to misbehave. Whoever loads "vmcompute.dll" from system32 gets it; a test
 * takes these functions from it with GetProcAddress(), a Lua spec has them as `require "standin"`:
 *
 *   local standin = require "standin"
 *   assert(standin.tell '{"On":"HcsStartComputeSystem","Times":1,"NotifyStatus":"0xC0370106"}')
 *   …
 *   local report = cjson.decode(standin.report())
 *   assert(#report.Complaints == 0)
 *   standin.reset()
 *
 * What it is not: the state lives in one program. Two programs do not see each other's containers.
 *
 * == A container ==
 *
 * A configuration's Layers must be directories. A command is looked for in them (topmost first; a bare
 * name also in their bin, Files and Files\Windows\System32; without ".exe" too), then on this machine;
 * WorkingDirectory likewise. ContainerType "Linux" makes a container with CommandArgs, Linux' signals and
 * exit codes; otherwise it is a Windows one. It can be paused with HvPartition = true or when it is a
 * Linux one. Other clients' handles are "Hold" and "Drop" below.
 *
 * CommandLine "standin WORD…" starts no program: a thread acts out the words, at a fraction of the cost.
 *   sleep MS · out TEXT · err TEXT · cat · hang · exit CODE
 *
 * == StandinTell(json) ==
 *
 * One object or an array of them. 0, or -1 with a complaint. Each is one of three:
 *
 * {"Set":{field:value,…}}   for every call and notification from now on
 * {"On":name, field:value,…} for one kind: the name of a function ("HcsStartComputeSystem") or of a
 *                           notification that belongs to no call ("SystemExited", "ProcessExited",
 *                           "ServiceDisconnect", "CreateCompleted": one that waited for the callback).
 *                           "Id": one container's only. "Times": so often, then no more. "Skip": not the
 *                           first so many. The first rule that fits applies, over the settings.
 * {"Do":what, …}            now:
 *   "Crash","Id"            the container ends unexpectedly ("Status": 0xC0370106, "ExitType")
 *   "Exit","Id"             it shuts itself down
 *   "ExitProcess","Id","ProcessId","ExitCode"
 *   "Disconnect"            ServiceDisconnect to every callback, also later ones; "Calls":true and all
 *                           functions but closing ones answer 0x800706BA
 *   "Reconnect"             the end of that
 *   "Notify","Id"           any notification to the container's callbacks, or with "ProcessId" a
 *                           process': "Type" (number), "Status", "Data"
 *   "Release"               calls held by "Block" go on
 *   "Hold","Id" / "Drop","Id"  another client opens a handle on the container / closes it
 *
 * A status is a number or text: "0x80070005".
 *
 * Fields for calls:
 *   Status         answers so, and does nothing; with "Carry":true it does it and answers so
 *   Result         the result document, on success too: an object, or text as it stands (also no JSON)
 *   Document       instead of the properties or the list of systems: likewise; null for none
 *   DelayMs        the call takes so long
 *   Block          true: until "Release" or the end of the process or container
 *   Synchronous    true: done when the call returns S_OK, no notification
 *   Ignore         true: "pending", and nothing happens ever
 *   Notify         "never", "once", "twice": the completion
 *   NotifyStatus   the completion fails so, and the state is what it was
 *   NotifyData     its document
 *   NotifyDelayMs  late; without it DelayMinMs to DelayMaxMs (0 to 3)
 *   Exit           the container exits on the way: "instead" of the completion, "before" it (which then
 *                  fails), "after" it; with "ExitStatus" (0xC0370106), "ExitType" ("UnexpectedExit")
 *   ShutdownMs     how long a shutdown takes
 *   Pipes          "overlapped" (the server's ends), "plain" (without FILE_FLAG_OVERLAPPED), "client" (the
 *                  other ends, overlapped)
 *   NobodyReads    true: the process' standard input is never read
 *   StdInByRequest true: it ends by CloseHandle alone, not with the client's end of the pipe
 *   EarlyEofMs     standard output and error end after so long, while the process runs
 *   LastWaitResult of ProcessStatus
 *   BlankState     how a created system's state is said: "absent", "empty" or "Created"
 *   Documents      "any": only to be JSON (configurations with HCSSHIM_CREATECONTAINER_ADDITIONALJSON)
 *
 * Fields for notifications (settings reach all of them, "On" a call its completion):
 *   Notify, NotifyStatus, NotifyData, NotifyDelayMs as above
 *   ExitData       false: SystemExited and ProcessExited without document
 *   ProcessExitsLate  true: SystemExited does not wait for the ProcessExited before it
 *   Broadcast      false: a completion is told to the handle of the call alone, not to every handle
 *   FailureFlag    true: a failure has HcsNotificationFlagFailure in its type
 *   CallbackLimitMs   a callback that takes longer is complained of (1000)
 *   Twins          true: 0x8037…… instead of 0xC037…… (also for calls)
 *
 * == StandinReport() ==
 *
 * JSON, to be freed with StandinFree():
 *   Complaints     what the client did wrong
 *   Handles        [{Kind, Id, From}] that are open
 *   Pipes          [text] of the client's ends that are open
 *   Strings        [{From, Text}] not freed with CoTaskMemFree; null where that cannot be seen
 *   Calls          {function: number}
 *   Received       [{Call, Id, Document}]: the very bytes, as UTF-8, of the last 2000
 *   Notifications  {"0x…": number} of those delivered
 *   Systems        [{Id, State, Handles, Processes: [{ProcessId, Console: [height, width]}]}]
 *
 * Complained of: documents that are not what Go's marshaller sends (fields, types, order, omitempty,
 * bytes), NULL where an address belongs, handles that are closed or of another kind, closing with a
 * callback registered or a call inside, calls from inside a callback, callbacks that block, strings
 * freed twice. What is still open is no complaint: a test that ends looks that Handles, Pipes and
 * Strings are empty.
 *
 * Environment: STANDIN_ABORT=1 prints the first complaint and ends the program with code 99.
 * STANDIN_MISSING=HcsSignalProcess,HcsModifyProcess takes these exports away. To be without the DLL:
 * WINEDLLOVERRIDES=vmcompute=
 */
#ifndef STANDIN_H
#define STANDIN_H

int StandinTell(const char *json);
char *StandinReport(void);
void StandinFree(char *text);
/*
 * Ends every container and forgets everything, also complaints and settings. Handles that are open are
 * closed; closing them again is complained of. Not from inside a callback, nor beside other calls.
 */
void StandinReset(void);

#endif
