@echo off
rem Starts the course command on Windows: needs Python 3.11 or newer (the py launcher or python).
setlocal
set "PYTHONPATH=%~dp0tools"
set "PYTHONDONTWRITEBYTECODE=1"
rem Whatever the code page says, text and file names are UTF-8.
set "PYTHONUTF8=1"
py -3 -c "import tomllib" >nul 2>nul
if not errorlevel 1 goto launcher
python -c "import tomllib" >nul 2>nul
if not errorlevel 1 goto python
echo course: needs Python 3.11 or newer; please install it 1>&2
exit /b 1

:launcher
py -3 -m course %*
exit /b %errorlevel%

:python
python -m course %*
exit /b %errorlevel%
