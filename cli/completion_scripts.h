// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// The scripts of cli/completion.h, one for each shell, with words to replace:
//
//   $PROGRAM  the program's name             $FUNCTION  how the script's functions begin
//   $FLAGS    the flags, in the shell's way  $VALUES    what their values may be (bash)
//   $NEEDING  the flags that take the next word as their value (bash, fish)
//
// Thread safety: constants.

#ifndef CLI_COMPLETION_SCRIPTS_H_
#define CLI_COMPLETION_SCRIPTS_H_

namespace udsecho::cli {

inline constexpr char kBash[] =
    R"sh(# bash completion for $PROGRAM: source <($PROGRAM --completion=bash)
$FUNCTION_words() {
  mapfile -t COMPREPLY < <(compgen -W "$1" -- "$2")
}
# Whatever their case: what is listed takes the place of what was typed.
$FUNCTION_values() {
  local each
  for each in $1; do
    [[ ${each^^} != "${2^^}"* ]] || COMPREPLY+=("$each")
  done
}
$FUNCTION_files() {
  is_path=1
  compopt -o filenames 2>/dev/null
  mapfile -t COMPREPLY < <(compgen -f -- "$1")
}
$FUNCTION_sockets() {
  is_path=1
  compopt -o filenames 2>/dev/null
  local file
  while IFS= read -r file; do
    [[ -S ${file/#\~\//$HOME/} || -d ${file/#\~\//$HOME/} ]] && COMPREPLY+=("$file")
  done < <(compgen -f -- "$1")
}
# $1, as it would be typed within the quotes $2.
$FUNCTION_quoted() {
  local special=$' \t\'"\\<>;|&()#$`?*[!{~' c
  local -i i
  case $2 in
    \') special=\' ;;
    \") special='"\$`' ;;
  esac
  quoted=''
  for ((i = 0; i < ${#1}; i++)); do
    c=${1:i:1}
    if [[ $special != *"$c"* ]]; then
      quoted+=$c
    elif [[ $2 == \' ]]; then
      quoted+=\'\\\'\'
    else
      quoted+=\\$c
    fi
  done
}
# Readline quotes a path, and adds a slash to a directory. It does not do so, or wrongly, if a path is
# only the end of what it completes, as in @FILE: then this does.
$FUNCTION_path_endings() {
  local file quoted
  local -i i
  compopt -o noquote 2>/dev/null
  for ((i = 0; i < ${#COMPREPLY[@]}; i++)); do
    file=$head${COMPREPLY[i]}
    [[ ! -d ${COMPREPLY[i]} ]] || file+=/
    $FUNCTION_quoted "${file:cut}" "$quote"
    COMPREPLY[i]=$quoted
  done
  [[ ${#COMPREPLY[@]} -ne 1 || ${COMPREPLY[0]} != */ ]] || compopt -o nospace 2>/dev/null
}
$FUNCTION() {
  local IFS=$' \t\n' line=${COMP_LINE:0:COMP_POINT} word='' quote='' c
  local -i i cut=0 is_path=0
  local -a words=()
  COMPREPLY=()
  # The words up to the cursor. Bash itself parts them at = : @ too, and puts what is in COMPREPLY
  # in the place of what follows the last of these, or begins with it if it is @ or $. What comes
  # before, `cut` characters, stays.
  for ((i = 0; i < ${#line}; i++)); do
    c=${line:i:1}
    if [[ $quote == "'" ]]; then
      if [[ $c == "'" ]]; then quote=''; else word+=$c; fi
    elif [[ $c == \\ ]]; then
      i+=1 word+=${line:i:1}
    elif [[ $quote == '"' ]]; then
      if [[ $c == '"' ]]; then quote=''; else word+=$c; fi
    elif [[ $c == [\'\"] ]]; then
      quote=$c cut=${#word}
    elif [[ $c == [[:blank:]] ]]; then
      [[ -z $word ]] || words+=("$word")
      word='' cut=0
    else
      word+=$c
      if [[ $COMP_WORDBREAKS == *"$c"* ]]; then
        cut=${#word}
        [[ $c != [@\$] ]] || cut=$((cut - 1))
      fi
    fi
  done

  local flag='' value=$word verbatim='' addressed='' each
  for each in "${words[@]:1}"; do
    if [[ -n $flag ]]; then
      flag=''
    elif [[ -n $verbatim || $each != -?* ]]; then
      addressed=yes
    elif [[ $each == -- ]]; then
      verbatim=yes
    else
      [[ $each != --* ]] || each=${each#--} each=--${each//-/_}
      case $each in
        $NEEDING) flag=$each ;;
      esac
    fi
  done
  if [[ -n $flag ]]; then
    :
  elif [[ -z $verbatim && $word == --*=* ]]; then
    flag=${word%%=*} value=${word#*=}
  elif [[ -z $verbatim && $word == -[!-]=* ]]; then
    flag=${word:0:2} value=${word:3}
  elif [[ -z $verbatim && $word == -* ]]; then
    flag=${word#--}
    $FUNCTION_words '$FLAGS' "$word"
    ((${#COMPREPLY[@]})) || $FUNCTION_words '$FLAGS' "--${flag//-/_}"
    [[ ${#COMPREPLY[@]} -eq 1 && ${COMPREPLY[0]} == *= ]] && compopt -o nospace 2>/dev/null
    return 0
  elif [[ -z $addressed ]]; then
    flag=ADDRESS
  fi
  [[ $flag == --* ]] && flag=${flag#--} && flag=--${flag//-/_}
  case $flag in
$VALUES    ADDRESS)
      value=${value#unix:}
      $FUNCTION_sockets "$value" ;;
  esac
  local head=${word%"$value"}
  if ((is_path && cut != ${#head})); then
    $FUNCTION_path_endings
    return 0
  fi
  for ((i = 0; i < ${#COMPREPLY[@]}; i++)); do
    c=$head${COMPREPLY[i]}
    COMPREPLY[i]=${c:cut}
  done
}
complete -F $FUNCTION $PROGRAM)sh";

inline constexpr char kZsh[] = R"sh(#compdef $PROGRAM
# zsh completion for $PROGRAM: source <($PROGRAM --completion=zsh)
$FUNCTION_address() {
  compset -P 'unix:'
  _alternative 'sockets:socket:_path_files -g "*(-=)"' 'directories:directory:_path_files -/'
}
$FUNCTION_at_file() {
  compset -P '@' && _files
}
# Whatever their case.
$FUNCTION_values() {
  compadd -M 'm:{a-zA-Z}={A-Za-z}' "$@"
}
$FUNCTION() {
  # --log-level is --log_level.
  local name
  local -i i
  for ((i = 2; i <= CURRENT; i++)); do
    [[ $words[i] != -- ]] || break
    [[ $words[i] == --* ]] || continue
    name=${${words[i]%%=*}#--}
    words[i]=--${name//-/_}${words[i][$#name+3,-1]}
    (( i < CURRENT )) && continue
    name=${${PREFIX%%=*}#--}
    PREFIX=--${name//-/_}${PREFIX[$#name+3,-1]}
  done
  _arguments -s -S \
$FLAGS    '1:address:$FUNCTION_address' '*:message: '
}
if [[ $zsh_eval_context[-1] == loadautofunc ]]; then
  $FUNCTION "$@"
else
  (( $+functions[compdef] )) || { autoload -Uz compinit && compinit -D -i; }
  compdef $FUNCTION $PROGRAM
fi)sh";

inline constexpr char kFish[] =
    R"sh(# fish completion for $PROGRAM: $PROGRAM --completion=fish | source
function $FUNCTION_token
  set -l token (commandline -ct)
  string unescape -- $token
  or string unescape -- $token\"
  or string unescape -- $token\'
end
# In the typed case: where fish itself mends the case, it drops the flag before the value.
function $FUNCTION_values
  set -l typed ($FUNCTION_token | string replace -r '^--[^=]*=' '')
  if string match -qr '[a-z]' -- $typed
    string lower -- $argv
  else
    printf '%s\n' $argv
  end
end
function $FUNCTION_has_hyphens
  string match -q -- '--*-*' (commandline -ct) (commandline -opc)[-1]
end
function $FUNCTION_wants_address
  set -l is_value no
  for word in (commandline -opc)[2..-1]
    if test $is_value = yes
      set is_value no
      continue
    end
    switch (string replace -ra '(?<=[^-])-' _ -- $word)
      case $NEEDING
        set is_value yes
      case '-*'
      case '*'
        return 1
    end
  end
end
function $FUNCTION_address
  set -l token ($FUNCTION_token)
  set -l scheme (string match -r '^unix:' -- $token)
  set -l path (string replace -r '^unix:' '' -- $token)
  for file in "$path"*
    if test -d $file
      echo "$scheme$file/"
    else if test -S $file
      echo "$scheme$file"
    end
  end
end
function $FUNCTION_at_file
  set -l token ($FUNCTION_token | string replace -r '^--[^=]*=' '')
  string match -q '@*' -- $token; or return
  set -l path (string sub -s 2 -- $token)
  for file in "$path"*
    if test -d $file
      echo "@$file/"
    else
      echo "@$file"
    end
  end
end
complete -c $PROGRAM -f
complete -c $PROGRAM -n $FUNCTION_wants_address -a '($FUNCTION_address)'
$FLAGS)sh";

}  // namespace udsecho::cli

#endif  // CLI_COMPLETION_SCRIPTS_H_
