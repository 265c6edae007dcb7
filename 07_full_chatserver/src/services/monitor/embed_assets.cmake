# cmake -DOUT=file.cc -DFILES="a;b" -P embed_assets.cmake: a C++ file with the contents of the files.
# Bytes, not string literals: those end at 16 KB with some compilers.
set(arrays "")
set(cases "")
set(number 0)
foreach(path IN LISTS FILES)
  file(READ ${path} hex HEX)
  string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${hex}")
  string(REGEX REPLACE "(0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,)"
         "\\1\n" bytes "${bytes}")
  get_filename_component(name ${path} NAME)
  string(APPEND arrays "const unsigned char kFile${number}[] = {\n${bytes}};\n")
  string(APPEND cases "  if (name == \"${name}\") {\n    return {reinterpret_cast<const char*>(kFile${number}), "
         "sizeof(kFile${number})};\n  }\n")
  math(EXPR number "${number} + 1")
endforeach()
file(WRITE ${OUT} "#include \"src/services/monitor/web_assets.h\"

namespace services {
namespace {

${arrays}
}  // namespace

std::string_view FindWebAsset(std::string_view name) {
${cases}  return {};
}

}  // namespace services
")
