# cmake -DCOMPILER=... -DROOT=<source dir> -P: passes when logging a Phi fails to compile because a Phi
# cannot be formatted, and for no other reason: the control, one type different, compiles.
set(command ${COMPILER} -std=c++20 -fsyntax-only -DSPDLOG_FMT_EXTERNAL -I${ROOT}/include
            ${ROOT}/tests/unit/base/log_phi_must_not_compile.cpp)

execute_process(COMMAND ${command} -DCONTROL RESULT_VARIABLE control OUTPUT_VARIABLE said ERROR_VARIABLE said)
if(NOT control EQUAL 0)
  message(FATAL_ERROR "the control does not compile, so the test proves nothing:\n${said}")
endif()

execute_process(COMMAND ${command} RESULT_VARIABLE phi OUTPUT_VARIABLE said ERROR_VARIABLE said)
if(phi EQUAL 0)
  message(FATAL_ERROR "logging a Phi compiles: somewhere a formatter or an operator<< for it exists")
endif()
if(NOT said MATCHES "Phi" OR NOT said MATCHES "ormattable")
  message(FATAL_ERROR "logging a Phi fails to compile, but not because it cannot be formatted:\n${said}")
endif()
