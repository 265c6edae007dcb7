@echo off
rem Starts the course command on Windows: needs Python 3.11 or newer (the py launcher or python).
setlocal
set "PYTHONPATH=%~dp0tools"
set "PYTHONDONTWRITEBYTECODE=1"
rem Whatever the code page says, text and file names are UTF-8.
set "PYTHONUTF8=1"
where py >nul 2>nul
if %errorlevel%==0 (
  py -3 -m course %*
  exit /b %errorlevel%
)
where python >nul 2>nul
if %errorlevel%==0 (
  python -m course %*
  exit /b %errorlevel%
)
echo course: needs Python 3.11 or newer; please install it 1>&2
exit /b 1
