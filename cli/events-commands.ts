import { type Command, Option } from 'commander';
import { withTenant } from './lib/hub-options.ts';
import { count, duration, examples, ids, jsonHelp, note, time, wholeNumber, yesHelp } from './lib/option.ts';
import { run } from './lib/run.ts';
import { addRules } from './rules-commands.ts';

// What happens in a tenant: events, where they come from, and what members are told.

export function addEventsCommands(program: Command): void {
  addEvents(program.command('events').description('what happens in a tenant'));
  addHooks(program.command('hooks').description('addresses at which other systems make events, by signed webhooks'));
  addSchedules(program.command('schedules').description('events that are made when it is time'));
  addRules(program.command('rules').description('what events do when they come together'));
  addNotifications(program);
}

function addEvents(events: Command): void {
  withTenant(events.command('emit <kind>'))
    .description('say that something has happened')
    .option('--source <source>', 'where it comes from', 'cli')
    .option('--subject <subject>', 'what it is about', '')
    .addOption(new Option('--payload <json>', 'what there is to say about it (default: {})').conflicts('file'))
    .option('--file <file>', 'the same from a file; - reads standard input')
    .option('--dedupe-key <key>', 'another event with this key is not taken in the window after this one')
    .option('--dedupe-window <duration>', 'how long that is, such as 90s, 15m, 1h or 2d (default: 1d)', duration)
    .addHelpText(
      'after',
      examples(
        `helix events emit order.paid --payload '{"total": 120}'`,
        'helix events emit build.failed --subject main --file report.json --dedupe-key build-981',
      ),
    )
    .action((kind, options) => run(async () => (await import('./commands/events.ts')).eventsEmit(kind, options)));
  withTenant(events.command('list'))
    .description('list the newest events, the newest first; times are UTC')
    .option('--kind <kind>', 'only those of this kind; order.* stands for all that begin so')
    .option('--source <source>', 'only those from there')
    .option('--before <event>', 'only those before this one', count)
    .option('--limit <count>', 'how many', count, 20)
    .option('--json', 'print one JSON object a line')
    .addHelpText('after', examples('helix events list', "helix events list --kind 'order.*' --limit 100 --json"))
    .action((options) => run(async () => (await import('./commands/events.ts')).eventsList(options)));
  withTenant(events.command('tail'))
    .description('print events as they come, until Ctrl-C')
    .option('--kind <kind>', 'only those of this kind; order.* stands for all that begin so')
    .option('--source <source>', 'only those from there')
    .option('--limit <count>', 'how many of the past to begin with', wholeNumber, 10)
    .option('--json', 'print one JSON object a line')
    .addHelpText('after', examples('helix events tail', 'helix events tail --source hook/shop --json | jq .payload'))
    .action((options) => run(async () => (await import('./commands/events.ts')).eventsTail(options)));
  withTenant(events.command('keep'))
    .description('show or set how many events are kept, and for how long; the oldest go first')
    .option('--count <count>', 'at most so many; 0 for the default', wholeNumber)
    .option('--bytes <count>', 'of at most so many bytes; 0 for the default', wholeNumber)
    .option('--days <days>', 'for so many days; 0 for the default', wholeNumber)
    .addHelpText('after', examples('helix events keep', 'helix events keep --count 100000 --days 90'))
    .action((options) => run(async () => (await import('./commands/events.ts')).eventsKeep(options)));
}

function addHooks(hooks: Command): void {
  withTenant(hooks.command('create <name>'))
    .description('open an address for webhooks, and show its secret once')
    .requiredOption('--kind <kind>', "of its events; GitHub's own name of what happened is added after a dot")
    .addOption(
      new Option('--style <style>', 'how the sender signs: by the Standard Webhooks specification, or as GitHub does')
        .choices(['standard', 'github'])
        .default('standard'),
    )
    .option('--json', jsonHelp)
    .addHelpText('after', note('Without `helix start` the address is /v1/database/helix/route/hooks?id=<hook>.'))
    .addHelpText(
      'after',
      examples('helix hooks create shop --kind order.paid', 'helix hooks create code --kind github --style github'),
    )
    .action((name, options) => run(async () => (await import('./commands/hooks.ts')).hooksCreate(name, options)));
  withTenant(hooks.command('list'))
    .description('list the hooks, and what has come by them')
    .option('--json', jsonHelp)
    .addHelpText('after', examples('helix hooks list'))
    .action((options) => run(async () => (await import('./commands/hooks.ts')).hooksList(options)));
  withTenant(hooks.command('rotate <hook>'))
    .description('replace the secret of a hook at once, and show the new one; the hook by name or number')
    .option('--json', jsonHelp)
    .addHelpText('after', examples('helix hooks rotate shop'))
    .action((hook, options) => run(async () => (await import('./commands/hooks.ts')).hooksRotate(hook, options)));
  withTenant(hooks.command('delete <hook>'))
    .description('close an address; the events that came by it stay')
    .option('--yes', yesHelp)
    .addHelpText('after', examples('helix hooks delete shop'))
    .action((hook, options) => run(async () => (await import('./commands/hooks.ts')).hooksDelete(hook, options)));
}

function addSchedules(schedules: Command): void {
  withTenant(schedules.command('create <name>'))
    .description('make an event whenever it is time')
    .requiredOption('--kind <kind>', 'of its events')
    .option('--cron <pattern>', 'five fields: minute, hour, day, month and weekday')
    .option(
      '--time-zone <zone>',
      'whose clocks --cron goes by (default: those of the tenant, or of this machine where it has none)',
    )
    .option('--every <duration>', 'such as 90s, 15m, 1h or 2d', duration)
    .option('--at <time>', 'once, such as 2026-12-24T18:00Z', time)
    .option('--subject <subject>', 'what its events are about', '')
    .option('--payload <json>', 'what they say', '{}')
    .addHelpText(
      'after',
      examples(
        "helix schedules create morning --kind day.begins --cron '0 7 * * 1-5' --time-zone Europe/Berlin",
        'helix schedules create beat --kind tick --every 15m',
      ),
    )
    .action((name, options) =>
      run(async () => (await import('./commands/schedules.ts')).schedulesCreate(name, options)),
    );
  withTenant(schedules.command('list'))
    .description('list the schedules, and when each is due')
    .option('--json', jsonHelp)
    .addHelpText('after', examples('helix schedules list'))
    .action((options) => run(async () => (await import('./commands/schedules.ts')).schedulesList(options)));
  for (const [name, isPaused, what] of [
    ['pause', true, 'let a schedule rest; the schedule by name or number'],
    ['resume', false, 'let a schedule go on, with the next time from now'],
  ] as const) {
    withTenant(schedules.command(`${name} <schedule>`))
      .description(what)
      .addHelpText('after', examples(`helix schedules ${name} morning`))
      .action((schedule, options) =>
        run(async () => (await import('./commands/schedules.ts')).schedulesPause(schedule, isPaused, options)),
      );
  }
  withTenant(schedules.command('delete <schedule>'))
    .description('end a schedule; the events that it made stay')
    .option('--yes', yesHelp)
    .addHelpText('after', examples('helix schedules delete morning --yes'))
    .action((schedule, options) =>
      run(async () => (await import('./commands/schedules.ts')).schedulesDelete(schedule, options)),
    );
}

function addNotifications(program: Command): void {
  const notifications = withTenant(program.command('notifications'))
    .description('show what you have not read of what rules and members tell; times are UTC')
    .option('--all', 'also what you have read')
    .option('--json', jsonHelp)
    .addHelpText('after', examples('helix notifications', 'helix notifications --all', 'helix notifications read'))
    .action((options) => run(async () => (await import('./commands/notifications.ts')).notifications(options)));
  notifications.enablePositionalOptions();
  withTenant(notifications.command('read'))
    .argument('[notification...]', 'their numbers; all of them without one', ids)
    .description('mark notifications as read by you')
    .addHelpText('after', examples('helix notifications read', 'helix notifications read 4 5'))
    .action((ids, options) =>
      run(async () => (await import('./commands/notifications.ts')).notificationsRead(ids ?? [], options)),
    );
  withTenant(notifications.command('send'))
    .argument('<title>', 'in a line')
    .description('tell all members of the tenant something')
    .addOption(
      new Option('--level <level>', 'how much it matters').choices(['info', 'warning', 'critical']).default('info'),
    )
    .option('--text <text>', 'more about it', '')
    .addHelpText('after', examples('helix notifications send "The hub moves at 18:00" --level warning'))
    .action((title, options) =>
      run(async () => (await import('./commands/notifications.ts')).notificationsSend(title, options)),
    );
}
