# Where things go (FHS) and the .deb. `cmake --install build/release` puts the service into /usr and /etc of this machine (stage with DESTDIR);
# `cpack --config build/release/CPackConfig.cmake -B build/package` makes the package.

if(CMAKE_INSTALL_PREFIX_INITIALIZED_TO_DEFAULT)
  set_property(CACHE CMAKE_INSTALL_PREFIX PROPERTY VALUE /usr)   # a system service: its unit names the path of its program
endif()
include(GNUInstallDirs)

install(TARGETS dosigate DESTINATION ${CMAKE_INSTALL_BINDIR})
if(TARGET dosigated)
  install(TARGETS dosigated DESTINATION ${CMAKE_INSTALL_SBINDIR})
endif()

set(DOSIGATED ${CMAKE_INSTALL_FULL_SBINDIR}/dosigated)
set(DOSIGATE ${CMAKE_INSTALL_FULL_BINDIR}/dosigate)
configure_file(systemd/dosigate.service.in ${PROJECT_BINARY_DIR}/systemd/dosigate.service @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/systemd/dosigate.service systemd/dosigate.socket DESTINATION lib/systemd/system)
install(FILES systemd/dosigate.sysusers DESTINATION lib/sysusers.d RENAME dosigate.conf)

# The sample is a working configuration; an administrator's own is never overwritten, by the package (conffile) or by a second `cmake --install`.
set(DOSIGATE_CONFIG_DIR ${CMAKE_INSTALL_FULL_SYSCONFDIR}/dosigate)
install(CODE "
  set(config \"\$ENV{DESTDIR}${DOSIGATE_CONFIG_DIR}/dosigate.toml\")
  if(NOT EXISTS \"\${config}\")
    file(INSTALL \"${PROJECT_SOURCE_DIR}/conf/dosigate.toml\" DESTINATION \"${DOSIGATE_CONFIG_DIR}\")
  endif()")
install(DIRECTORY DESTINATION ${DOSIGATE_CONFIG_DIR}/profiles)
# The profiles are in the program; these are to be copied and changed.
install(DIRECTORY conf/profiles/ DESTINATION ${CMAKE_INSTALL_DOCDIR}/profiles FILES_MATCHING PATTERN *.toml)
install(FILES conf/dosigate.toml DESTINATION ${CMAKE_INSTALL_DOCDIR})
# For the machines that watch this one.
install(FILES conf/prometheus/dosigate.rules.yml conf/grafana/dosigate.json DESTINATION ${CMAKE_INSTALL_DOCDIR}/monitoring)
if(EXISTS ${PROJECT_SOURCE_DIR}/README.md)
  install(FILES README.md DESTINATION ${CMAKE_INSTALL_DOCDIR})
endif()
# What the README links to, and the tables that it names: under the same names.
install(DIRECTORY docs DESTINATION ${CMAKE_INSTALL_DOCDIR} FILES_MATCHING PATTERN *.md)
install(DIRECTORY conf/ps315 conf/ps33 conf/deid DESTINATION ${CMAKE_INSTALL_DOCDIR}/conf FILES_MATCHING PATTERN *.tsv)

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME dosigate)
set(CPACK_PACKAGE_VENDOR Dosimagem)
set(CPACK_PACKAGE_CONTACT "Dosimagem <contato@dosimagem.com>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "DICOM gateway that de-identifies nuclear-medicine studies")
set(CPACK_SET_DESTDIR ON)   # /etc is no part of the prefix: without it the sample would land in /etc of the machine that packs
set(CPACK_INSTALL_PREFIX ${CMAKE_INSTALL_PREFIX})
set(CPACK_STRIP_FILES ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION net)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
# passwd makes the user where there is no systemd-sysusers. The DICOM data dictionary comes with libdcmtk17, which shlibdeps finds.
set(CPACK_DEBIAN_PACKAGE_DEPENDS passwd)
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS "systemd")
set(CPACK_DEBIAN_PACKAGE_DESCRIPTION "Receives studies from PACS and modalities, removes the patient's identity while they arrive, keeps the link in a sealed map that never leaves the hospital, and forwards the studies. It is never the hospital's archive.")
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA ${PROJECT_SOURCE_DIR}/systemd/deb/conffiles ${PROJECT_SOURCE_DIR}/systemd/deb/preinst ${PROJECT_SOURCE_DIR}/systemd/deb/postinst
    ${PROJECT_SOURCE_DIR}/systemd/deb/prerm ${PROJECT_SOURCE_DIR}/systemd/deb/postrm)
include(CPack)
