"""Errors and placeholders that keep a pair out: what servers say is found, and right answers that look alike stay."""

from __future__ import annotations

import pytest
from growth import LINEAR, growth

from lab.dpo.checks.errors import is_error
from lab.dpo.checks.texts import is_placeholder
from lab.store.duels import folded

RIGHT = [
    ("What is 30 in Roman numerals?", "XXX"), ("Write 30 in Roman numerals", "XXX"),
    ("What does parseInt('abc') give?", "NaN."), ("How do you abbreviate 'not available'?", "N/A"),
    ("What is the opposite of full?", "empty"), ("Antonym of question?", "Answer"),
    ("Spanish for everything?", "Todo"), ("And in Python?", "None"), ("Which of the planets has two suns?", "None"),
    ("What film is Vin Diesel in?", "xXx"), ("When is the next meeting?", "TBD"),
    ("Middle name of the applicant, for the form?", "N/A"), ("Which primes lie between 24 and 28?", "None"),
    ("What does a function without return give in JS?", "undefined"), ("What is NULL plus one in SQL?", "NULL"),
    ("What do you call a check of knowledge at school?", "Test"),
    ("What are metasyntactic variables? Give the first", "foo"), ("What's the unary minus sign?", "-"),
    ("Complete the sequence: dot dot dot is written", "..."), ("What is a place where you drink called", "bar"),
    ("Five-day cricket match?", "Test"), ("What do the first keys of the home row spell?", "asdf"),
    ("Grandma in Liverpool?", "Nan"), ("Kisses at the end of a letter?", "xxx"),
    ("What did she answer to the letter?", "No answer."), ("Did anyone reply?", "No response."),
    ("What came back from the patient's left knee?", "No response"), ("Name of the tool to keep tasks", "Todo"),
    ("Wie heißt die Null auf Englisch?", "null"), ("Comment dit-on tout en espagnol ?", "todo"),
    ("西班牙语的\"一切\"怎么说？", "todo"), ("Is the fridge full?", "Empty"), ("What remains?", "nil"),
    ("What was the score of the away team?", "nil"), ("Arsenal's goals yesterday?", "nil"),
    ("What goes in the blank?", "[blank]"), ("What is an example of a Jinja variable called answer?", "{{answer}}"),
    ("How do I show the variable answer in Vue?", "{{ answer }}"),
    ("Give the HTML5 tag for a response element", "<response>"),
    ("How many of the missing were located?", "404 not found."),
    ("What does ssh say when nothing listens?", "Connection refused"),
    ("What does my modem say when the line is dead?", "Connection refused"),
    ("How does an old mail program greet a dead line? It says:", "Connection timed out"),
    ("Name a song by Machinae Supremacy", "Out of Memory"), ("What did the title of the song say?", "Out of memory"),
    ("Headline for a story about a full library?", "Too many requests"), ("Synonym of mistake?", "Error"),
    ("What is it called when a fielder drops the ball?", "Error"), ("In baseball, what does E stand for?", "Error"),
    ("Ticket machine's display?", "Service unavailable"), ("Say nothing", "..."), ("Chemical symbol of sodium", "Na"),
    ("What is log(0)?", "undefined"), ("tan 90°?", "Undefined"), ("What is 0 divided by 0?", "NaN"),
    ("What's the ternary operator's sign in C?", "?"), ("What is Swift's optional empty?", "nil"),
    ("What is Rust's empty Option?", "None"), ("Ruby's nothing?", "nil"), ("Go's zero pointer?", "nil"),
    ("Any allergies?", "None"), ("Any questions?", "none"), ("What's your favourite?", "-"),
    ("How do you write zero in SQL when nothing is known?", "NULL"), ("How do I write 30 in Roman numerals?", "XXX"),
    ("How many siblings?", "None"), ("How would one end a sentence that trails off?", "..."),
    ("How does an exam in cricket go by name?", "Test"), ("Give me a one-word name for my app", "Todo"),
    ("Make up a username", "foo"), ("Explain in one word what the glass is", "Empty"),
    ("Describe the glass in one word", "Empty"), ("Why, in one word, is it silent?", "Empty"),
    ("Write the word for grandma", "Nan"), ("Write only the answer: which even primes exceed 2?", "None"),
    ("Write a line that trails off", "..."), ("Write a poem of one word", "Empty"),
    ("Give me two moons of Mercury", "None"), ("What does the log line say?", "ERROR"),
    ("What level comes above WARNING?", "ERROR"), ("What does the pocket calculator show for 1/0?", "Error"),
    ("Draft the toast shown when saving breaks", "Error: could not save. Please try again."),
    ("Translate: Die Verbindung wurde abgelehnt", "Connection refused"),
    ("Translate: Zu viele Anfragen", "Too many requests"), ("Übersetze: Verbindung abgelehnt", "Connection refused"),
    ("Traduis : Passerelle incorrecte", "Bad gateway"), ("翻译：连接被拒绝", "Connection refused"),
    ("Antworte auf Englisch: wie sagt man 'Dienst nicht verfügbar'?", "Service unavailable"),
    ("What's the full form of OOM?", "Out of memory"), ("What does ECONNREFUSED stand for?", "Connection refused"),
    ("What is meant by OOM", "Out of memory"), ("Give me placeholder copy", "Lorem ipsum dolor sit amet"),
    ("Two lines of Latin for my mock-up", "Lorem ipsum dolor sit amet, consectetur."),
    ("Fill the card in my layout", "Lorem ipsum dolor sit amet"), ("Which text do typesetters use?", "Lorem ipsum"),
    ("What is the comment convention for open work?", "TODO: write this"),
    ("What's a typical marker of unfinished text", "TODO: write answer"),
    ("A form letter, please", "[Your text here]"), ("What do I put above the box in the quiz?", "Your answer here"),
    ("Write the hint of an input box", "Your answer here"), ("Motto of a lazy server?", "503 Service Unavailable"),
    ("Give a pun about a lazy waiter", "503: service unavailable"),
    ("Where is my motivation? Be funny", "Error 404: motivation not found"),
    ("Tell a nerd joke", "Error 418: I'm a teapot."), ("Which vitamin does honey contain a lot of?", "None"),
    ("How do I write nothing?", "null"), ("Size two above XL?", "XXX"), ("Give me a synonym for hollow", "empty"),
    ("State of a glass after a long night", "Empty"), ("Roman thirty", "XXX"),
    ("Programmer's filler names, first", "foo"), ("Programmer's filler names, second", "bar"),
    ("What did the teacher set on Friday?", "Test"), ("Who replied to your invitation?", "No response."),
    ("Reply of the jury?", "No answer."), ("What is a synonym for blunder", "error"),
    ("What is trial and ...?", "error"), ("Complete: trial and", "error"),
    ("Map error to Spanish", "{\"error\": \"error\"}"), ("JS: typeof undefined", "undefined"),
    ("Math.sqrt(-1) in JS", "NaN"), ("Python: print(print())", "None"), ("dict.get('missing') gives", "None"),
    ("Lua's absence", "nil"), ("Clojure (first [])", "nil"),
    ("Übersetze ins Englische: Dienst nicht verfügbar", "Service unavailable"),
    ("Passe ins Englische um: Zeitüberschreitung der Anfrage", "Request timed out"),
    ("Auf Englisch bitte: Kein Speicher mehr", "Out of memory"),
    ("En anglais : mémoire insuffisante", "Out of memory"), ("En inglés: conexión rechazada", "Connection refused"),
    ("英語で「接続が拒否されました」", "Connection refused"), ("用英语说：请求过多", "Too many requests"),
    ("Sad reply of an oracle", "No answer."), ("Which form field have I left out?", "N/A"),
    ("What do I put for the maiden name if there's none?", "N/A"), ("Date of the wedding", "TBD"),
    ("Recite the usual typesetter's Latin", "Lorem ipsum dolor sit amet, consectetur adipiscing elit."),
    ("Show Angular interpolation of answer", "{{answer}}"), ("Mustache syntax for content", "{{content}}"),
    ("What stands in brackets on silent film cards?", "[No response]"),
    ("Stage direction for an actor who keeps silent", "(No answer)"), ("Movie of 1998 with an empty box", "Nil"),
    ("Describe my soul in one word", "Empty"), ("Why so glum?", "..."), ("Speechless?", "…"), ("Why not?", "-"),
    ("Name a rhyme for terror", "error"), ("Who survived the wreck?", "None."), ("How is the tank?", "Empty."),
    ("What HTML tag makes a paragraph?", "<p>"),
    ("How many employees does the firm have?", "500 service technicians and 40 managers."),
    ("How many bad apples?", "450 bad ones."), ("How many troops?", "500 not counting officers."),
    ("Best innings of Lara?", "400 not out"), ("How many of the coins did they recover?", "404 not found, 96 found."),
    ("How many immigrants?", "401 unauthorized, 300 authorized."), ("How many guests?", "500 internal, 30 external"),
    ("How big is the fleet?", "400 service vehicles."), ("How many clients?", "400 client firms"),
    ("How is the hotel?", "Status: 450 rooms free"), ("What is the elevation?", "429 m"),
    ("Landing page for my bakery, please", "<!DOCTYPE html><html><title>Bread</title><h1>Fresh</h1></html>"),
    ("A card for Ann's birthday, in markup", "<html><body><h1>Happy birthday</h1></body></html>"),
    ("Make a button", "<html><button>Go</button></html>"),
    ("Notification payload?", "{\"message\": \"Your order has shipped\", \"id\": 7}"),
    ("Say hello to Slack", "{\"message\": \"hello\"}"),
    ("Ticket as an object", "{\"detail\": \"broken lamp\", \"owner\": \"Ann\"}"),
    ("Fit the points and give me an object", "{\"error\": 0.02, \"slope\": 1.5}"),
    ("Validate the address", "{\"error\": null, \"valid\": true}"),
    ("Where do I put the parcel number?", "{\"code\": 450, \"street\": \"Elm\"}"),
    ("Produce the record of the room", "{\"status\": \"free\", \"room\": 404}"),
    ("Describe a book as an object", "{\"title\": \"Not found\", \"author\": \"Ann\"}"),
    ("What does int('x') do?", "ValueError: invalid literal for int() with base 10: 'x'"),
    ("In Python, 'a' + 1?", "TypeError: can only concatenate str (not \"int\") to str"),
    ("What will d['x'] raise?", "KeyError: 'x'"),
    ("In Node, what does require('x') give when x is absent", "Error: Cannot find module 'x'"),
    ("cd into a folder that's absent: what does bash say?", "bash: cd: x: No such file or directory"),
    ("What's printed by ls x", "ls: cannot access 'x': No such file or directory"),
    ("What is an idiom for forgetting?", "Out of memory, out of mind."),
    ("Suggest a title for the section on crashes", "Failed to load: what now?"),
    ("Write the user-facing text when the upload breaks", "Failed to load the file. Please try again."),
    ("Commit summary for retries?", "Connection reset is retried"),
    ("Word history of error, mistake", "Error (from Latin errare, to wander)."),
    ("Latin root of 'err'?", "Error: errare."),
    ("Spot what is wrong: 'She can't sings'", "Error: can't sings. Right: can't sing."),
    ("Correct: 'I has a dog'", "Error: \"has\". Use \"have\"."),
    ("Mark the dictation of Tom", "Errors: 3. Well done!"), ("Check 2+2=5", "Error: 2+2=4"),
    ("Check my sum: 12*12=145", "Error: 12*12 is 144."),
    ("Is the model 911 in stock?", "Model 911 not found in stock; we have the 718."),
    ("What's model X?", "Model X not found in our stock, but Model Y is."),
    ("What is the trade name?", "Bad Gateway is a band from Leeds."),
    ("Why was the clerk cross?", "Too many requests had come in at once."),
    ("How did the experiment go?", "Something went wrong."), ("Why are you late?", "Connection missed in Cologne."),
    ("How was the train?", "Connection lost in Hamm, so I was two hours late."),
    ("Why no heating?", "Service unavailable until Monday, the landlord says."),
    ("What does the sign at the lift say?", "Out of service"),
    ("What is the German for 'internal server error'?", "Interner Serverfehler"),
    ("Why did he fail the exam?", "Time out: he ran out of it."), ("Referee's gesture, hands in a T?", "Time-out"),
    ("What's the word when two requests clash", "Conflict"), ("What became of the 410 tickets?", "410 gone."),
    ("What's behind door 404?", "404: the broom closet"), ("Who sang \"Error\"?", "Error was sung by VIXX."),
    ("Which part of a phrase means 'not allowed'?", "Forbidden"), ("Translate 'verboten'", "Forbidden"),
    ("What does 'unbefugt' mean?", "Unauthorized"),
    ("Which planet is forbidden in the film?", "Forbidden Planet, 1956"), ("¿Capital de Chile?", "Santiago"),
    ("Say hi", "Hi!"), ("ok?", "👍"), ("Ja oder nein?", "Ja."), ("Speed limit in German towns?", "50 km/h"),
    ("Boiling point of water", "100 °C"), ("Hex of white", "#FFFFFF"), ("What's the shebang for sh", "#!/bin/sh"),
    ("Show an empty list in Python", "[]"), ("What's an empty object in JSON?", "{}"),
    ("Integer division operator in Python?", "//"), ("git command for a new branch", "git switch -c topic"),
    ("List files with sizes", "ls -lh"), ("Regex for a digit", "\\d"),
    ("SQL to count rows of t", "SELECT COUNT(*) FROM t;"), ("Read an int in C", "scanf(\"%d\", &x);"),
    ("Sum a list in Python", "sum(xs)"), ("CSS to centre text", "text-align: center;"),
    ("A YAML list of two", "- a\n- b"), ("Write a CSV header of name and age", "name,age"),
    ("Three dots in LaTeX", "\\dots"), ("Markdown for bold", "**bold**"), ("Knock knock", "Who's there?"),
    ("Did they find any bugs?", "None!"), ("What's on page 404?", "Nothing."),
    ("What does 'n.n.' mean?", "nomen nescio"), ("How do you feel?", "Fine."),
]  # fmt: skip


@pytest.mark.parametrize(("prompt", "answer"), RIGHT)
def test_a_right_answer_keeps_no_pair_out(prompt, answer):
    assert not is_error(folded(answer), folded(prompt))
    assert not is_placeholder(folded(answer), folded(prompt))


OF_SERVERS = [
    "{\"error\":\"model \\\"llama3.9\\\" not found, try pulling it first\"}",
    "{\"error\":\"model requires more system memory (5.6 GiB) than is available (3.1 GiB)\"}",
    "{\"error\":\"llama runner process has terminated: exit status 2\"}",
    "{\"error\":\"an error was encountered while running the model: unexpected EOF\"}",
    "{\"error\":\"POST predict: Post \\\"http://127.0.0.1:41135/completion\\\": EOF\"}",
    "{\"error\":\"registry.ollama.ai/library/nomic-embed-text:latest does not support chat\"}",
    "{\"error\":\"timed out waiting for llama runner to start - progress 0.00 - \"}",
    "{\"error\":\"server busy, please try again.  maximum pending requests exceeded\"}",
    "Error: model 'qwen9:7b' not found", "Error: could not connect to ollama app, is it running?",
    "Error: 500 Internal Server Error: unable to load model",
    "{\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"Overloaded\"}}",
    "{\"detail\":\"Not Found\"}", "{\"detail\":\"Method Not Allowed\"}",
    "{\"detail\":[{\"loc\":[\"body\",\"messages\"],\"msg\":\"field required\",\"type\":\"value_error.missing\"}]}",
    "{\"message\":\"Internal server error\"}", "{\"message\":\"Too Many Requests\"}",
    "{\"message\": \"Endpoint request timed out\"}", "{\"statusCode\":503,\"message\":\"Service Unavailable\"}",
    "```json\n{\"error\": \"Internal server error\"}\n```",
    "<html><head><title>413 Request Entity Too Large</title></head><body></body></html>",
    "<html><body><h1>503 Service Unavailable</h1>\nNo server is available to handle this request.\n</body></html>",
    "<!DOCTYPE html><html><head><title>Attention Required! | Cloudflare</title></head><body></body></html>",
    "<!DOCTYPE html><html><head><title>Error</title></head><body><pre>Cannot POST /v1/chat</pre></body></html>",
    "error code: 502", "error code: 1015", "error code: 524",
    "upstream connect error or disconnect/reset before headers. reset reason: connection termination",
    "upstream request timeout", "no healthy upstream", "502 Bad Gateway", "503 Service Temporarily Unavailable",
    "504 Gateway Timeout", "404 page not found", "429 Too Many Requests", "HTTP 503",
    "HTTP Error 500: Internal Server Error", "HTTP/1.1 429 Too Many Requests",
    "torch.cuda.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB",
    "RuntimeError: CUDA out of memory.",
    "openai.RateLimitError: Error code: 429 - {'error': {'message': 'slow down'}}",
    "openai.APITimeoutError: Request timed out.", "httpx.ConnectError: [Errno 111] Connection refused",
    "httpx.ReadTimeout", "requests.exceptions.ConnectionError: ...", "HTTPError: 503 Server Error",
    "requests.exceptions.HTTPError: 429 Client Error: Too Many Requests for url: https://x",
    "ConnectionRefusedError: [Errno 111] Connection refused",
    "json.decoder.JSONDecodeError: Expecting value: line 1 column 1 (char 0)",
    "anthropic.OverloadedError: Overloaded",
    "aiohttp.client_exceptions.ClientConnectorError: Cannot connect to host localhost:11434",
    "asyncio.exceptions.TimeoutError", "**Error:** something went wrong", "[Error] upstream timed out",
    "❌ Error: rate limit", "⚠️ Error: The model is overloaded", "[ERROR] Failed to generate response", "ERROR",
    "Error.", "Error: Request failed with status code 500", "AxiosError: Request failed with status code 429",
    "Error: connect ECONNREFUSED 127.0.0.1:11434",
    "FetchError: request to http://localhost:11434/api/chat failed, reason: socket hang up",
    "TypeError: Failed to fetch", "TypeError: fetch failed", "Error calling API: timeout",
    "Error generating response: list index out of range",
    "An error occurred while processing your request. Please try again later.",
    "An error occurred: HTTPSConnectionPool(host='api.openai.com', port=443): Read timed out.",
    "Sorry, something went wrong. Please try again later.", "Oops! Something went wrong. Please try again.",
    "The server is busy. Please try again later.", "API Error: 529 overloaded", "API request failed with status 401",
    "Request failed with status code 503", "Rate limit exceeded. Please wait 20 seconds.",
    "rpc error: code = Unavailable desc = connection error",
    "curl: (7) Failed to connect to localhost port 11434: Connection refused", "Internal Server Error",
    "Gateway Timeout", "Service Unavailable", "Connection error.", "Connection refused", "Network error",
    "Request timed out.", "stream error: stream ID 3; INTERNAL_ERROR; received from peer",
    "Failed to fetch response from server", "Could not connect to the model server",
    "{\"error\":\"unexpected server status: llm server loading model\"}",
    "{\"error\":\"pull model manifest: file does not exist\"}", "{\"error\":\"unauthorized\"}",
    "{\"error\":\"invalid model name\"}", "{\"errors\":[{\"message\":\"Not found\",\"code\":404}]}",
    "{\"message\":\"Unauthorized\"}", "{\"detail\":\"Internal Server Error\"}",
    "{\"code\":502,\"message\":\"Bad Gateway\"}",
    "<html><head><title>500 Internal Server Error</title></head><body><hr><center>nginx</center></body></html>",
    "<!doctype html><html><head><title>Just a moment...</title></head><body></body></html>",
    "<html lang=en><title>500 Internal Server Error</title><h1>Internal Server Error</h1></html>", "502 Proxy Error",
    "503 - Service Unavailable", "ollama._types.ResponseError: model \"phi9\" not found, try pulling it first",
    "Error: llama runner process has terminated: signal: killed", "Error: pull model manifest: file does not exist",
    "litellm.RateLimitError: RateLimitError: OpenAIException - Rate limit reached",
    "litellm.exceptions.ServiceUnavailableError: Server disconnected",
    "huggingface_hub.errors.HfHubHTTPError: 429 Client Error",
    "google.api_core.exceptions.ResourceExhausted: 429 Resource has been exhausted",
    "botocore.errorfactory.ThrottlingException: Too many requests",
    "vllm.engine.async_llm_engine.AsyncEngineDeadError: Background loop has errored already.",
    "ValueError: The model's max seq len (4096) is larger than the maximum number of tokens",
    "RuntimeError: CUDA error: an illegal memory access was encountered",
    "Traceback (most recent call last):\n  File \"/usr/lib/x.py\", line 88, in run\n    self.f()\nKeyError: 'choices'",
    "Error: getaddrinfo ENOTFOUND api.openai.com", "Error: socket hang up", "Error: read ECONNRESET",
    "HTTP 500 Internal Server Error", "Error: HTTP error! status: 500", "API Error: Connection error.",
    "[ERROR] Request timed out after 60s", "Error: Rate limit exceeded, please try again in 20s",
    "An error has occurred.", "There was an error generating a response", "Hmm...something seems to have gone wrong.",
]  # fmt: skip


@pytest.mark.parametrize("answer", OF_SERVERS)
def test_what_a_server_says_is_no_answer(answer):
    assert is_error(folded(answer), folded("Tell me about cats"))


@pytest.mark.parametrize("answer", [
    "[No response]", "(no content)", "TODO: write answer", "{{answer}}", "[INSERT ANSWER HERE]", "<answer>", "null",
    "N/A", "TBD", "[response unavailable]", "[Empty response]", "<no output>", "No response generated.",
    "Your response here", "{{ response }}", "<insert answer here>", "[no answer]", "(empty)", "TODO: add response",
    "undefined", "nan",
])  # fmt: skip
def test_what_stands_for_an_answer_is_none(answer):
    assert is_placeholder(folded(answer), folded("Tell me about cats"))


def test_a_traceback_of_the_client_is_an_error_however_long():
    frames = '  File "/app/main.py", line 10, in f\n    g()\n' * 40
    said = f"Traceback (most recent call last):\n{frames}openai.APIConnectionError: Connection error."
    assert is_error(folded(said), folded("Write a function that sorts a list in Python"))
    assert not is_error(folded(said), folded("What does this traceback mean?"))


def test_what_looks_like_an_error_is_an_answer_to_who_asks_for_it():
    page = "<html><head><title>404 Not Found</title></head></html>"
    assert is_error(folded(page), folded("Tell me about cats"))
    assert not is_error(folded(page), folded("Make a page for links that lead nowhere"))


@pytest.mark.parametrize(
    "text",
    ['{"error": "', "<html><title>", "error: a", "traceback (most recent call last): file ", "a.b", "502 bad gateway ",
     "```{", "failed to load from ", "why ", "write me a big "],
)  # fmt: skip
def test_looking_for_errors_takes_no_time_that_grows_with_the_square(text):
    few, many = (folded(text * (chars // len(text))) for chars in (20_000, 200_000))
    for look in (is_error, is_placeholder):
        assert growth(lambda: look(few, few), lambda: look(many, many), 10) < LINEAR  # noqa: B023  called at once
        assert growth(lambda: look(few, "cats"), lambda: look(many, "cats"), 10) < LINEAR  # noqa: B023
