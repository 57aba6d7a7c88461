/** What is known of a kind of server beforehand. */
export interface Preset {
  /** As a person knows it. */
  readonly title: string;
  /** `{account}` stands for the setting `account`; none where only the operator knows it. */
  readonly baseUrl: string | undefined;
  /** The environment variable that usually holds its key; none where no key is needed. */
  readonly keyEnv: string | undefined;
  /** Where a key is made, or what to know before the first call. */
  readonly hint: string;
}

/** The OpenAI-compatible interface of each, by the name that limb.toml says. */
export const presets = {
  anthropic: {
    title: 'Anthropic',
    baseUrl: 'https://api.anthropic.com/v1',
    keyEnv: 'ANTHROPIC_API_KEY',
    hint: 'console.anthropic.com',
  },
  openai: {
    title: 'OpenAI',
    baseUrl: 'https://api.openai.com/v1',
    keyEnv: 'OPENAI_API_KEY',
    hint: 'platform.openai.com/api-keys',
  },
  google: {
    title: 'Google Gemini',
    baseUrl: 'https://generativelanguage.googleapis.com/v1beta/openai',
    keyEnv: 'GEMINI_API_KEY',
    hint: 'aistudio.google.com/apikey',
  },
  xai: { title: 'xAI', baseUrl: 'https://api.x.ai/v1', keyEnv: 'XAI_API_KEY', hint: 'console.x.ai' },
  deepseek: {
    title: 'DeepSeek',
    baseUrl: 'https://api.deepseek.com/v1',
    keyEnv: 'DEEPSEEK_API_KEY',
    hint: 'platform.deepseek.com/api_keys',
  },
  openrouter: {
    title: 'OpenRouter',
    baseUrl: 'https://openrouter.ai/api/v1',
    keyEnv: 'OPENROUTER_API_KEY',
    hint: 'openrouter.ai/keys',
  },
  mistral: {
    title: 'Mistral',
    baseUrl: 'https://api.mistral.ai/v1',
    keyEnv: 'MISTRAL_API_KEY',
    hint: 'console.mistral.ai/api-keys',
  },
  together: {
    title: 'Together',
    baseUrl: 'https://api.together.xyz/v1',
    keyEnv: 'TOGETHER_API_KEY',
    hint: 'api.together.ai/settings/api-keys',
  },
  fireworks: {
    title: 'Fireworks',
    baseUrl: 'https://api.fireworks.ai/inference/v1',
    keyEnv: 'FIREWORKS_API_KEY',
    hint: 'app.fireworks.ai/settings/users/api-keys',
  },
  perplexity: {
    title: 'Perplexity',
    baseUrl: 'https://api.perplexity.ai',
    keyEnv: 'PERPLEXITY_API_KEY',
    hint: 'perplexity.ai/settings/api; its models call no tools',
  },
  cloudflare: {
    title: 'Cloudflare Workers AI',
    baseUrl: 'https://api.cloudflare.com/client/v4/accounts/{account}/ai/v1',
    keyEnv: 'CLOUDFLARE_API_TOKEN',
    hint: 'dash.cloudflare.com/profile/api-tokens; account is the id of the account',
  },
  venice: {
    title: 'Venice',
    baseUrl: 'https://api.venice.ai/api/v1',
    keyEnv: 'VENICE_API_KEY',
    hint: 'venice.ai/settings/api',
  },
  cohere: {
    title: 'Cohere',
    baseUrl: 'https://api.cohere.ai/compatibility/v1',
    keyEnv: 'COHERE_API_KEY',
    hint: 'dashboard.cohere.com/api-keys',
  },
  azure: {
    title: 'Azure OpenAI',
    baseUrl: 'https://{account}.openai.azure.com/openai/v1',
    keyEnv: 'AZURE_OPENAI_API_KEY',
    hint: 'account is the name of the resource; a model is the name of a deployment',
  },
  bedrock: {
    title: 'Amazon Bedrock, through a gateway',
    baseUrl: undefined,
    keyEnv: 'BEDROCK_GATEWAY_API_KEY',
    hint: 'base_url is the address of an OpenAI-compatible gateway, such as http://127.0.0.1:8000/api/v1',
  },
  litellm: {
    title: 'LiteLLM',
    baseUrl: 'http://127.0.0.1:4000/v1',
    keyEnv: 'LITELLM_API_KEY',
    hint: 'the key is the master key, or a virtual one',
  },
  ollama: {
    title: 'Ollama',
    baseUrl: 'http://127.0.0.1:11434/v1',
    keyEnv: undefined,
    hint: 'ollama pull fetches a model',
  },
  vllm: {
    title: 'vLLM',
    baseUrl: 'http://127.0.0.1:8000/v1',
    keyEnv: undefined,
    hint: 'start it with --enable-auto-tool-choice, so that its model may call tools',
  },
  llamacpp: {
    title: 'llama.cpp',
    baseUrl: 'http://127.0.0.1:8080/v1',
    keyEnv: undefined,
    hint: 'start llama-server with --jinja, so that its model may call tools',
  },
  lmstudio: {
    title: 'LM Studio',
    baseUrl: 'http://127.0.0.1:1234/v1',
    keyEnv: undefined,
    hint: 'start its server in the developer tab',
  },
  custom: {
    title: 'another OpenAI-compatible server',
    baseUrl: undefined,
    keyEnv: undefined,
    hint: 'base_url is its address, such as https://llm.example.com/v1',
  },
} as const satisfies Record<string, Preset>;

export type PresetName = keyof typeof presets;

export function isPresetName(name: string): name is PresetName {
  return Object.hasOwn(presets, name);
}
