/** Every English text of the face. */
export const texts = {
  product: 'Helix',
  mesh: 'The mesh',

  connection: {
    label: 'Connection',
    connecting: 'Connecting…',
    live: 'Live',
    reconnecting: 'Reconnecting…',
    reconnectingIn: (seconds: number) => `Reconnecting in ${seconds} s`,
    retryNow: 'Retry now',
    stale: 'The hub does not answer at the moment. What you see is the last known state.',
    queryError: (reason: string) => `The hub refused to send rows: ${reason}`,
  },

  theme: {
    label: { system: 'Theme: as the system', light: 'Theme: light', dark: 'Theme: dark' },
  },

  signIn: {
    loading: 'Looking for the hub…',
    unreachable: 'The hub does not answer yet. This page connects by itself as soon as it does.',
    joining: 'Signing in…',
    title: 'Open the sign-in link',
    explain:
      'Helix prints a one-time sign-in link in the terminal where it was started. Open that link in this browser.',
    lost: 'Link used or lost? Make a new one:',
    command: 'npx helix link',
    code: 'Sign-in code or link',
    codeHint: 'The whole link works too.',
    name: 'Your name',
    nameHint: 'How others see who asked.',
    submit: 'Sign in',
  },

  session: {
    signedInAs: (name: string, role: string) => `Signed in as ${name} (${role})`,
    signOut: 'Sign out',
    sure: 'To come back you need a new sign-in link.',
    stay: 'Stay',
    tenant: 'Tenant',
    roles: { Owner: 'owner', Operator: 'operator', Viewer: 'viewer' },
  },

  composer: {
    region: 'Ask',
    heading: 'What would you like to know?',
    mode: 'Kind of task',
    question: 'Question',
    python: 'Python',
    questionLabel: 'Ask',
    questionPlaceholder: 'Ask about the documents your limbs remember…',
    pythonLabel: 'Python script',
    pythonPlaceholder: 'print("Hello from the sandbox")',
    pythonHint: 'Runs in a sandbox: no network, no files of the host. Esc, then Tab leaves the editor.',
    send: 'Send',
    run: 'Run',
    sending: 'Sending…',
    waiting: 'Waiting for the hub…',
    waitingHint: 'Your text is safe. It is sent once, as soon as the hub answers.',
    viewer: 'You are a viewer here: you see everything, but an operator or owner has to ask.',
    noLimb: 'No limb is online, so tasks wait in the queue.',
    noLimbFor: (skill: string) => `No limb that is online can do “${skill}”, so this task will wait in the queue.`,
    noLimbCommand: 'npx helix limb start',
    examples: 'Try one of these',
    exampleQuestions: [
      'What is a limb, and what may leave it?',
      'What happens to a task when its limb goes away?',
      'How do I add my own documents?',
    ],
    exampleScriptName: 'A Python script: primes below 100',
    exampleScript:
      '# Primes below 100, by the sieve of Eratosthenes\n' +
      'limit = 100\n' +
      'is_prime = [True] * limit\n' +
      'for n in range(2, limit):\n' +
      '    if is_prime[n]:\n' +
      '        print(n, end=" ")\n' +
      '        for multiple in range(n * n, limit, n):\n' +
      '            is_prime[multiple] = False\n',
  },

  learning: {
    label: 'Learning',
    title: 'Learning the documentation',
    queued: 'Waiting for a limb to learn the documentation…',
    of: (done: number, all: number) => `${done} of ${all}`,
    hint: 'You can ask already; answers get better while it learns.',
  },

  tasks: {
    label: 'Tasks',
    empty: 'No tasks yet',
    emptyHint: 'Whatever you or others ask appears here, live.',
    older: (count: number) => `Show ${count} older`,
    unfinished: (count: number) => (count === 1 ? '1 under way' : `${count} under way`),
    by: (limb: string) => `on ${limb}`,
  },

  states: {
    Queued: 'queued',
    Claimed: 'claimed',
    Running: 'running',
    Done: 'done',
    Failed: 'failed',
    Dead: 'dead',
    Cancelled: 'cancelled',
  },

  skills: {
    reason: 'Question',
    run_python: 'Python',
    remember: 'Remember',
    recall: 'Recall',
  } as Record<string, string>,

  task: {
    label: 'Task',
    number: (id: bigint) => `Task ${id}`,
    close: 'Close task',
    cancel: 'Cancel',
    cancelling: 'Cancelling…',
    copyAnswer: 'Copy answer',
    copyOutput: 'Copy output',
    copyScript: 'Copy script',
    copied: 'Copied',
    askAgain: 'Ask again',
    runAgain: 'Run again',
    input: 'Input',
    script: 'Script',
    answer: 'Answer',
    output: 'Output',
    noOutput: 'The script printed nothing.',
    working: {
      Queued: 'Waiting for a free limb…',
      Claimed: 'A limb has taken it…',
      Running: 'Working…',
    } as Record<string, string>,
    waitingAgain: (error: string) => `Waiting for another attempt. The last one ended: ${error}`,
    failed: 'This task failed',
    dead: 'This task was given up after its last attempt',
    cancelled: 'This task was cancelled.',
    missing: (id: string) => `There is no task ${id} here. It may belong to another tenant.`,
    citations: 'Sources',
    citation: (number: number) => `Source ${number}`,
    details: 'Details',
    engine: 'Answered by',
    ranIn: 'Ran in',
    limb: 'Limb',
    attempt: 'Attempt',
    tokens: 'Tokens',
    tokensInOut: (tokensIn: number, tokensOut: number) => `${tokensIn} in, ${tokensOut} out`,
    cost: 'Cost',
    waited: 'Waited',
    worked: 'Worked',
    artefacts: 'Artefacts',
    artefactsHint: 'They stay at the limb; these are their SHA-256.',
    exitCode: (code: number) => `Exit status ${code}`,
    timedOut: 'Timed out',
    noExit: 'Stopped before its end',
    durations: 'Where the time went',
    other: 'other',
    skeleton: 'Loading the task',
  },

  timeline: {
    label: 'Timeline',
    submitted: (member: string) => `Submitted by ${member}`,
    someone: 'a former member',
    aLimb: 'a limb',
    claimed: (limb: string, attempt: number) => `Claimed by ${limb}, attempt ${attempt}`,
    attempt: (attempt: number) => `Attempt ${attempt}`,
    returned: 'Back in the queue',
    finished: {
      Done: 'Done',
      Failed: 'Failed',
      Dead: 'Given up',
      Cancelled: 'Cancelled',
    } as Record<string, string>,
    after: (duration: string) => `+${duration}`,
  },

  limbs: {
    label: 'Limbs',
    online: 'online',
    offline: 'offline',
    onlineCount: (online: number, all: number) => `${online} of ${all} online`,
    empty: 'No limb yet',
    emptyHint: 'A limb is a worker process. Start one next to the hub:',
    command: 'npx helix limb start',
    skillsOf: (limb: string) => `Skills of ${limb}`,
    noModel: 'no language model (extractive answers)',
    model: 'Model',
    sandbox: 'Sandbox',
    noSandbox: 'none',
    memory: 'Memory',
    remembers: (documents: number, chunks: number) =>
      `${documents.toLocaleString('en')} ${documents === 1 ? 'document' : 'documents'}, ${chunks.toLocaleString('en')} ${chunks === 1 ? 'chunk' : 'chunks'}`,
    remembersNothing: 'empty',
    slots: (used: number, capacity: number) => `${used} of ${capacity} ${capacity === 1 ? 'slot' : 'slots'} busy`,
  },

  shortcuts: {
    label: 'Keyboard shortcuts',
    close: 'Close',
    rows: [
      { keys: ['/'], does: 'Write a question' },
      { keys: ['Ctrl', 'Enter'], does: 'Send' },
      { keys: ['j'], does: 'Next task' },
      { keys: ['k'], does: 'Previous task' },
      { keys: ['Enter'], does: 'Open the task' },
      { keys: ['Esc'], does: 'Close the task' },
      { keys: ['?'], does: 'Show these shortcuts' },
    ],
  },

  age: {
    now: 'now',
    seconds: (count: number) => `${count} s`,
    minutes: (count: number) => `${count} min`,
    hours: (count: number) => `${count} h`,
    days: (count: number) => `${count} d`,
    ago: (age: string) => `${age} ago`,
  },
} as const;
