@echo off
rem run-tests.cmd [SPEC...] - runs the specs against this machine's own Host Compute Service, as an administrator.
rem The results are in results.txt, beside this file.
setlocal
set HCS_TEST_SERVICE=real
cd /d "%~dp0"
ver >results.txt
powershell -NoProfile -Command "(Get-Item $env:SystemRoot\System32\vmcompute.dll).VersionInfo.FileVersion" >>results.txt 2>&1
..\lua.exe run.lua %* >>results.txt 2>&1
set code=%errorlevel%
type results.txt
exit /b %code%
