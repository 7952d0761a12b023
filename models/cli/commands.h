/* The commands of penumbra-cli, one file each (cmd_<name>.c); the table in main.c lists them.
 * argv[0] is the command's name. The result is the exit status: 0, 2 for bad arguments or config,
 * 1 for any other failure. */
#pragma once

int cli_bench (int argc, char **argv);
int cli_data (int argc, char **argv);
int cli_devices (int argc, char **argv);
int cli_encode (int argc, char **argv);
int cli_eval (int argc, char **argv);
int cli_preprocess (int argc, char **argv);
int cli_resume (int argc, char **argv);
int cli_search (int argc, char **argv);
int cli_step (int argc, char **argv);
int cli_tokenize (int argc, char **argv);
int cli_train (int argc, char **argv);
