// The option table as text: the default file and --print-config.
#include "services/config/load.h"
#include "services/config/options.h"

namespace config {

namespace {

const Section* FindSection(std::string_view name) {
  for (const Section& section : AllSections()) {
    if (section.name == name) return &section;
  }
  return nullptr;
}

void AppendLine(std::string& out, const Option& option, Config& config, bool hide_secrets) {
  out += option.name();
  out += " = ";
  out += ValueText(option, config, hide_secrets);
  out += '\n';
}

void AppendHeading(std::string& out, std::string_view section) {
  out += '[';
  out += section;
  out += "]\n";
}

void AppendComment(std::string& out, std::string_view text) {
  out += "# ";
  out += text;
  out += '\n';
}

}  // namespace

std::string PrintConfig(Config config) {
  std::string out;
  std::string_view section;
  for (const Option& option : AllOptions()) {
    if (option.section() != section) {
      if (!out.empty()) out += "\n";
      section = option.section();
      AppendHeading(out, section);
    }
    AppendLine(out, option, config, true);
  }
  return out;
}

std::string DefaultFile() {
  Config defaults;
  std::string out =
      "# Configuration of chat_server, auth_server and monitor_server.\n"
      "# Every key is here with its default: what you delete keeps that value.\n"
      "# chat_server --config FILE --set section.key=value --check-config --print-config\n"
      "#\n"
      "# chat_server, auth_server, monitor_server의 설정 파일.\n"
      "# 모든 키가 기본값과 함께 들어 있다. 지운 키는 기본값을 쓴다.\n";
  std::string_view section;
  for (const Option& option : AllOptions()) {
    if (option.section() != section) {
      section = option.section();
      const Section* const about = FindSection(section);
      out += '\n';
      AppendComment(out, about->en);
      AppendComment(out, about->ko);
      AppendHeading(out, section);
    }
    out += '\n';
    AppendComment(out, option.en);
    AppendComment(out, option.ko);
    AppendComment(out, AllowedText(option));
    AppendLine(out, option, defaults, false);
  }
  return out;
}

}  // namespace config
