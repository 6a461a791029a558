import { readFileSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import { type CommandTree, commands } from './commands.ts';
import { isBadFlag, reportFailure } from './failure.ts';
import { terminal } from './terminal.ts';

const FAILURE = 1;
const USAGE_ERROR = 2;
const manifest: { readonly version: string } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));

/** With the one command that `args` name, or all where they name none. */
async function createProgram(args: readonly string[]): Promise<Command> {
  const program = new Command('cardea')
    .description('Open home surveillance: your own cameras, no vendor cloud')
    .version(manifest.version)
    .option('--json', 'print results and errors as JSON');
  if (!asksVersion(args)) await addCommands(program, commands, args.filter(isWord));
  for (const command of [program, ...allCommands(program)]) command.exitOverride().showHelpAfterError('(add --help for what is possible)');
  return program;
}

function isWord(arg: string): boolean {
  return !arg.startsWith('-');
}

function asksVersion(args: readonly string[]): boolean {
  return !args.some(isWord) && args.some((arg) => arg === '--version' || arg === '-V');
}

async function addCommands(parent: Command, tree: CommandTree, [word = '', ...words]: readonly string[]): Promise<void> {
  for (const [name, entry] of Object.entries(tree)) {
    if (Object.hasOwn(tree, word) && name !== word) continue;
    if (typeof entry === 'function') parent.addCommand(await entry());
    else {
      const group = new Command(name).description(entry.description);
      await addCommands(group, entry.commands, words);
      parent.addCommand(group);
    }
  }
}

function allCommands(command: Command): readonly Command[] {
  return command.commands.flatMap((child) => [child, ...allCommands(child)]);
}

/** Runs one command line. Sets the exit status: 0 done, 1 failed, 2 wrong usage. */
export async function main(argv: readonly string[]): Promise<void> {
  const program = await createProgram(argv.slice(2));
  try {
    await program.parseAsync(argv);
  } catch (thrown) {
    if (thrown instanceof CommanderError) {
      process.exitCode = thrown.exitCode === 0 ? 0 : USAGE_ERROR;
      return;
    }
    reportFailure(thrown, { json: program.opts<{ json?: true }>().json === true, terminal });
    process.exitCode = isBadFlag(thrown) ? USAGE_ERROR : FAILURE;
  }
}
