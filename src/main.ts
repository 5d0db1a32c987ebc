#!/usr/bin/env node
import { processTerminal } from './cli/processTerminal.ts';
import { run } from './cli/run.ts';

// The SDK's advice to developers about Node versions is nothing for the people who use a command.
process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] ??= 'true';

process.exitCode = await run(process.argv.slice(2), processTerminal());
