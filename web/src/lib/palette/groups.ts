import Bell from '@lucide/svelte/icons/bell';
import Building from '@lucide/svelte/icons/building';
import CalendarClock from '@lucide/svelte/icons/calendar-clock';
import CookingPot from '@lucide/svelte/icons/cooking-pot';
import Keyboard from '@lucide/svelte/icons/keyboard';
import LogOut from '@lucide/svelte/icons/log-out';
import MessageCircle from '@lucide/svelte/icons/message-circle';
import Monitor from '@lucide/svelte/icons/monitor';
import Moon from '@lucide/svelte/icons/moon';
import RefreshCw from '@lucide/svelte/icons/refresh-cw';
import SquareTerminal from '@lucide/svelte/icons/square-terminal';
import Sun from '@lucide/svelte/icons/sun';
import Webhook from '@lucide/svelte/icons/webhook';
import Workflow from '@lucide/svelte/icons/workflow';
import { goto } from '$app/navigation';
import type { Action } from '../actions.svelte.ts';
import type { Face } from '../face.ts';
import { places } from '../shell/places.ts';
import { texts } from '../texts.ts';
import { theme } from '../theme.svelte.ts';

/** Screens without a place in the navigation. */
const further = [
  { label: texts.notifications.label, path: '/notifications', icon: Bell },
  { label: texts.events.views.hooks, path: '/events/hooks', icon: Webhook },
  { label: texts.events.views.schedules, path: '/events/schedules', icon: CalendarClock },
];

const themeIcons = { system: Monitor, light: Sun, dark: Moon };

/** Everything that the command palette offers, what is near first. */
export function paletteGroups(face: Face): { heading: string; actions: readonly Action[] }[] {
  const { mesh } = face;
  const { groups } = texts.palette;
  return [
    { heading: groups.page, actions: face.pageActions.list },
    { heading: groups.act, actions: mesh.mayOperate ? writing(face) : [] },
    {
      heading: groups.go,
      actions: [
        ...places.map(({ name, path, icon, key }) => ({
          id: name,
          label: texts.palette.goTo(texts.places[name]),
          keys: ['g', key],
          icon,
          run: () => goto(path),
        })),
        ...further.map(({ label, path, icon }) => ({
          id: path,
          label: texts.palette.goTo(label),
          icon,
          run: () => goto(path),
        })),
      ],
    },
    { heading: groups.session, actions: session(face) },
  ];
}

function writing({ draft }: Face): Action[] {
  const write = (mode: 'question' | 'python') => async () => {
    draft.switchTo(mode);
    await goto('/ask');
    draft.askFocus();
  };
  return [
    { id: 'question', label: texts.palette.newQuestion, keys: ['/'], icon: MessageCircle, run: write('question') },
    { id: 'python', label: texts.palette.newScript, icon: SquareTerminal, run: write('python') },
    { id: 'recipe', label: texts.recipes.create, icon: CookingPot, run: () => goto('/recipes/new') },
    { id: 'rule', label: texts.rules.create, icon: Workflow, run: () => goto('/rules/new') },
  ];
}

function session(face: Face): Action[] {
  const { mesh } = face;
  const others = mesh.tenants.filter(({ id }) => id !== mesh.tenant?.id);
  return [
    ...others.map(({ id, name }) => ({
      id: `tenant-${id}`,
      label: texts.palette.switchTo(name),
      keywords: [texts.session.tenant],
      icon: Building,
      run: () => face.switchTenant(id),
    })),
    ...(['system', 'light', 'dark'] as const).map((choice) => ({
      id: `theme-${choice}`,
      label: texts.theme.label[choice],
      icon: themeIcons[choice],
      run: () => theme.choose(choice),
    })),
    ...(mesh.link.state.kind === 'waiting'
      ? [{ id: 'retry', label: texts.palette.retry, icon: RefreshCw, run: () => mesh.link.retryNow() }]
      : []),
    { id: 'keys', label: texts.shortcuts.label, keys: ['?'], icon: Keyboard, run: () => face.openShortcuts() },
    { id: 'sign-out', label: texts.session.signOut, icon: LogOut, run: () => face.signOut() },
  ];
}
