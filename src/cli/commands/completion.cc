// ashlar completion: completion scripts for shells, made from the tables of commands and flags.
#include "cli/output.h"
#include "cli/registry.h"

namespace ashlar::cli {
namespace {

std::string joined(std::span<const std::string_view> words, char separator) {
  std::string out;
  for (std::string_view word : words) {
    if (!out.empty()) out += separator;
    out += word;
  }
  return out;
}

/// Every way to write the command's flags.
std::string flag_words(const Command& command) {
  std::string out;
  for (const Flag& flag : command.flags) {
    if (flag.help.empty()) continue;
    if (flag.letter) out += std::string("-") + flag.letter + " ";
    if (!flag.name.empty()) out += "--" + std::string(flag.name) + " ";
  }
  return out + "--help";
}

/// 'text' for a shell that takes everything between single quotes as it is.
std::string quoted(std::string_view text) {
  std::string out = "'";
  for (char c : text) {
    if (c == '\'') {
      out += "'\\''";
    } else if (c == '\n') {
      out += ' ';
    } else {
      out += c;
    }
  }
  return out + "'";
}

std::string bash_script() {
  std::string out = "_ashlar() {\n  local word=\"${COMP_WORDS[COMP_CWORD]}\" command=\"${COMP_WORDS[1]}\" flags=\n";
  out += "  if ((COMP_CWORD == 1)); then\n    COMPREPLY=($(compgen -W '" + joined(command_names(), ' ') +
         " --help --version' -- \"$word\") $(compgen -f -- \"$word\"))\n    return\n  fi\n  case \"$command\" in\n";
  for (const Command* command : commands()) {
    std::string words = flag_words(*command);
    if (command->name == "help") words = joined(command_names(), ' ');
    if (command->name == "completion") words += " bash zsh fish";
    if (command->name == "cache") words += " list clear path";
    out += "    " + std::string(command->name) + ") flags='" + words + "' ;;\n";
  }
  return out + "  esac\n  COMPREPLY=($(compgen -W \"$flags\" -- \"$word\") $(compgen -f -- \"$word\"))\n}\n" +
         "complete -o filenames -F _ashlar ashlar\n";
}

/// One argument of _arguments: '--dir[help]:VALUE:_files'.
std::string zsh_flag(const Flag& flag) {
  std::string out;
  std::string help;
  for (char c : flag.help) {
    if (c == '[' || c == ']' || c == ':') help += '\\';
    help += c;
  }
  std::string value;
  for (char c : flag.value) value += c == ':' ? std::string("\\:") : std::string(1, c);
  const std::string tail = "[" + help + "]" + (flag.value.empty() ? "" : ":" + value + ":_files");
  if (flag.letter) out += "        " + quoted(std::string("*-") + flag.letter + tail) + " \\\n";
  if (!flag.name.empty()) {
    const std::string name = "*--" + std::string(flag.name) + (flag.value.empty() ? "" : "=");
    out += "        " + quoted(name + tail) + " \\\n";
  }
  return out;
}

std::string zsh_script() {
  std::string out = "#compdef ashlar\n_ashlar() {\n  local -a commands\n  commands=(\n";
  for (const Command* command : commands()) {
    out += "    " + quoted(std::string(command->name) + ":" + std::string(command->summary)) + "\n";
  }
  out += "  )\n  if ((CURRENT == 2)); then\n    _describe command commands\n    _files\n    return\n  fi\n";
  out += "  local command=$words[2]\n  shift words\n  ((CURRENT--))\n  case $command in\n";
  for (const Command* command : commands()) {
    out += "    " + std::string(command->name) + ")\n      _arguments \\\n";
    for (const Flag& flag : command->flags) {
      if (!flag.help.empty()) out += zsh_flag(flag);
    }
    std::string operands = "'*:file:_files'";
    if (command->name == "help") operands = "'*:command:(" + joined(command_names(), ' ') + ")'";
    if (command->name == "completion") operands = "'*:shell:(bash zsh fish)'";
    if (command->name == "cache") operands = "'*:action:(list clear path)'";
    out += "        '--help[show help]' " + operands + " ;;\n";
  }
  return out + "    *) _files ;;\n  esac\n}\ncompdef _ashlar ashlar\n";
}

std::string fish_script() {
  std::string out;
  for (const Command* command : commands()) {
    const std::string name(command->name);
    out += "complete -c ashlar -n __fish_use_subcommand -a " + name + " -d " + quoted(command->summary) + "\n";
    for (const Flag& flag : command->flags) {
      if (flag.help.empty()) continue;
      out += "complete -c ashlar -n '__fish_seen_subcommand_from " + name + "'";
      if (flag.letter) out += std::string(" -s ") + flag.letter;
      if (!flag.name.empty()) out += " -l " + std::string(flag.name);
      if (!flag.value.empty()) out += " -r";
      out += " -d " + quoted(flag.help) + "\n";
    }
  }
  out += "complete -c ashlar -n '__fish_seen_subcommand_from help' -f -a '" + joined(command_names(), ' ') + "'\n";
  out += "complete -c ashlar -n '__fish_seen_subcommand_from cache' -f -a 'list clear path'\n";
  return out + "complete -c ashlar -n '__fish_seen_subcommand_from completion' -f -a 'bash zsh fish'\n";
}

int run_completion(const Args& args) {
  if (args.operands.size() != 1) {
    return report_usage(Error(ErrorCode::missing_operand, kNoOffset, "bash, zsh or fish"), "completion");
  }
  const std::string_view shell = args.operands[0];
  std::string script;
  if (shell == "bash") script = bash_script();
  if (shell == "zsh") script = zsh_script();
  if (shell == "fish") script = fish_script();
  if (script.empty()) {
    return report_usage(Error(ErrorCode::bad_argument, kNoOffset, "SHELL", std::string(shell), "bash, zsh or fish"),
                        "completion");
  }
  write_all(kStdout, script);
  return kExitOk;
}

}  // namespace

constinit const Command kCompletionCommand = {
    .name = "completion",
    .operands = "bash|zsh|fish",
    .summary = "Print a completion script for a shell",
    .details =
        "For bash: source <(ashlar completion bash)\n"
        "For zsh:  source <(ashlar completion zsh)\n"
        "For fish: ashlar completion fish | source",
    .flags = {},
    .flags_end_at_operand = false,
    .run = run_completion,
};

}  // namespace ashlar::cli
