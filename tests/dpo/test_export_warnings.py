"""Warnings: refusals and names of models in the first person, letters that end, and telephone numbers that are said."""

from __future__ import annotations

import judged_duels
import pytest
from growth import LINEAR, growth

from lab.dpo.checks.names import names_its_model, names_of_answers
from lab.dpo.checks.personal import has_personal
from lab.dpo.checks.refusals import refuses
from lab.dpo.checks.texts import looks_cut
from lab.store.duels import folded


def own_names(*models: str) -> tuple[str, ...]:
    return names_of_answers(*(judged_duels.answer("a", "Text.", model=model) for model in models))


OWN = own_names("falcon:7b", "qwen2.5:7b")


def names(text: str) -> bool:
    return names_its_model(text, folded(text), OWN, "tell me of yourself")


@pytest.mark.parametrize(
    "answer",
    [
        "Ich kann dir nicht genug danken, dein Rat wird vielen helfen.",
        "Ich kann nicht schlafen. Was könnte mir helfen?", "Kann ich dir helfen? Nicht nötig, danke.",
        "Wer nicht helfen kann, soll wenigstens nicht stören.", "Viele Ärzte können diese Frage nicht beantworten.",
        "Der Kellner konnte die Frage nicht beantworten.", "Il ne peut pas vous aider à déménager lundi.",
        "Je ne suis pas sûr que cela puisse vous aider, mais essayez.",
        "Je ne peux pas imaginer un monde sans musique.", "No puedo dejar de pensar en ayudar a mi hermano.",
        "El gobierno no puede ayudar a todos.", "Non posso fare a meno di sorridere.",
        "Não posso esquecer o dia em que te conheci.", "Он не может помочь тебе с переездом.",
        "Я не могу дождаться лета.", "商店不能提供发票时，您可以投诉。", "他无法回答老师的问题。",
        "你不能帮助所有人。", "この店ではサービスを提供できませんでした。", "彼は質問に答えることができなかった。",
        "답변을 제공받지 못한 고객은 전화하세요.", "Nie mogę się doczekać wakacji.", "Lekarz nie mógł pomóc choremu.",
        "لا يستطيع الطبيب مساعدة الجميع", "لا أستطيع الانتظار حتى الصيف", "I can't wait to help you move!",
        "I cannot stress enough how vital sleep is.", "I can't do that on Mondays, but Tuesdays work.",
        "I'm afraid it will rain tomorrow.", "I won't lie: the exam is hard.",
        "I must decline your kind invitation, as I am away.", "I will not go gentle into that good night.",
        "He said he can't answer.", "I'm unable to sleep at night, wrote Kafka.",
        "As an AI developer you cannot avoid Python.", "The law cannot help you there.",
        "You must decline Latin nouns by case.", "I can't answer the phone with wet hands, so he did.",
        "I'm sorry, I can't do this alone; will you help me?", "Ik kan niet wachten!",
        "Ich weiß nicht, ob das helfen wird.", "如果您无法提供护照，请携带身份证。",
        "I'm sorry, I can't do that on Friday. Would Saturday suit you?",
        "Je n'ai pas peur de vous aider : voici la recette.",
        "This request violates our refund policy.", "It would be wrong to go, so I decline your invitation.",
        "Smoking is harmful, and I refuse cigarettes politely.", "This post violates the content policy.",
        "Dear Ms Lee, I am unable to assist at the event on Friday. Best, Tom",
    ],
)  # fmt: skip
def test_who_refuses_is_the_one_that_answers(answer):
    assert not refuses(answer)


@pytest.mark.parametrize(
    "answer",
    [
        "I'm sorry, but I can't assist with creating malware.", "I can't help with that request.", "I must decline.",
        "I'm going to have to decline that request.",
        "I'm sorry, but that's not something I can help with.", "I don't feel comfortable writing that.",
        "Ich bin nicht in der Lage, dabei zu helfen.",
        "I have to respectfully decline.", "I cannot in good conscience help you hurt someone.", "I won't do that.",
        "I can't answer that question.", "Sorry, but I'm not able to provide medical advice.",
        "I'm really sorry, but I cannot fulfill that request.", "I apologize, but I'm unable to assist with this.",
        "As a language model, I am not able to browse the internet.", "That would be against my guidelines.",
        "Das kann ich leider nicht tun.", "Ich kann Ihnen dabei leider nicht helfen.",
        "Tut mir leid, das darf ich nicht beantworten.", "Ich darf dazu keine Auskunft geben.",
        "Dabei möchte ich nicht helfen.", "Je suis désolé, mais je ne peux pas t'aider à faire ça.",
        "Je ne suis pas en mesure de répondre à cette question.", "Je ne saurais vous fournir ces instructions.",
        "Lo siento, pero no puedo ayudar con eso.", "No puedo responder a esa pregunta.",
        "Mi dispiace, non posso fornire queste informazioni.", "Desculpe, mas não posso ajudar com isso.",
        "Извините, но я не могу ответить на этот вопрос.", "К сожалению, я не могу вам помочь.",
        "我无法帮助您完成这个请求。", "抱歉，我不能提供这些信息。", "对不起，我不能讨论这个话题。",
        "无法提供此类内容。", "申し訳ありませんが、そのご質問にはお答えできません。", "その情報は提供できません。",
        "죄송하지만 그 질문에는 답변드릴 수 없습니다.", "Nie mogę pomóc w tej sprawie.",
        "Przykro mi, ale nie mogę odpowiedzieć na to pytanie.", "لا أستطيع مساعدتك في هذا",
        "عذرًا، لا يمكنني تقديم هذه المعلومات", "Sorry, ik kan je daar niet mee helpen.",
        "Üzgünüm, bu konuda yardımcı olamam.", "Xin lỗi, tôi không thể giúp bạn việc đó.",
        "That would be unethical, so I refuse.", "This request violates OpenAI policy",
        "Your request goes against my guidelines.",
    ],
)  # fmt: skip
def test_a_refusal_in_the_first_person_is_found(answer):
    assert refuses(answer)


@pytest.mark.parametrize(
    "answer",
    [
        "Windows was developed by Microsoft.", "This painting was made by Claude Monet.",
        "The constant called pi is irrational.", "The fastest bird is the peregrine falcon.",
        "A worktop made by Granite & Co lasts.", "The wind called mistral is cold.", "I'm a Gemini and love to talk.",
        "I am a llama farmer.", "I visited a villa built by Gemma in 1900.", "GPT was developed by OpenAI.",
        "Claude Shannon founded information theory.", "As Claude Monet, he painted lilies.",
        "As Hermes flew, the gods slept.", "My cat is named Pi.", "Falcon wings are long.",
        "Hermes is the messenger; Apollo plays the lyre.", "Use openai.OpenAI() and pick a model.",
        "The Greek letter phi, often for the golden ratio.", "Anthropic and DeepSeek publish models.",
        "Alibaba was founded by Jack Ma.", "Gemini comes after Taurus.", "This is Granite, a hard stone.",
        "The book was written by Claude Simon.", "A bard sang of kings.", "Copilot: the second pilot.",
        "The song was created by Phi Nguyen.", "I am fine. Claude is too.", "Je suis à Mistral-sur-mer.",
        "She is called Gemma.", "Orion rises in winter.",
        "As a language model developed by Google, BERT was a milestone.", "I am a teacher trained by Google.",
        "As an AI model developed by DeepSeek, R1 shook the market.", "Ich bin ein von Google bezahlter Redner.",
        "我是由父母养大的。", "我是由百度招聘的工程师。", "This is Claude speaking.", "This is GPT-4 in a nutshell.",
        "She is a language model created by Meta.", "I am a model made by Google Street View fans.",
    ],
)  # fmt: skip
def test_a_name_that_nobody_gives_to_themselves_is_none(answer):
    assert not names(answer)


@pytest.mark.parametrize(
    "answer",
    [
        "I am Qwen, made by Alibaba Cloud.", "I'm ChatGPT.", "I'm Claude, an AI assistant made by Anthropic.",
        "I am an AI assistant created by Anthropic.", "I am a large language model, trained by OpenAI.",
        "I was trained by OpenAI.", "I was created by Microsoft.", "As Qwen, I cannot eat.",
        "As an AI model developed by OpenAI, I have no feelings.", "My name is Llama 3.1!", "My name is **Gemini**.",
        "Ich bin Mistral 7B.", "Ich heiße Claude.", "Je m'appelle Claude.", "Je suis Mistral.", "Soy ChatGPT.",
        "Sono Claude.", "我是Qwen，很高兴。", "我是通义千问。", "我叫豆包，你好。", "我是由OpenAI开发的模型。",
        "I'm an AI language model called DeepSeek-V3.", "As GPT-4o, I see.", "You can call me Phi.",
        "I am Falcon 7B, at your service.", "I’m Gemma, an open model.", "I have been developed by DeepSeek.",
        "I'm a helpful assistant named Hermes.", "I am the Qwen model.", "I am a virtual assistant powered by GPT-4.",
        "As a large language model trained by Google", "As an AI model developed by DeepSeek",
        "I am a language model created by Meta.", "Ich bin ein von OpenAI trainiertes Modell.",
        "Ich bin ein großes, von Google entwickeltes Sprachmodell.", "我是由阿里云开发的通义千问。",
        "This is GPT-4 speaking.", "I'm an AI assistant built by Google.",
    ],
)  # fmt: skip
def test_who_says_i_of_a_name_is_a_model(answer):
    assert names(answer)


def test_a_name_of_every_day_tells_a_model_only_with_its_version():
    assert own_names("falcon:7b", "hub/claude-3-opus") == (
        "claude-3-opus",
        "falcon7b", "falcon 7b", "falcon-7b", "falcon:7b",
        "claude3", "claude 3", "claude-3", "claude:3",
    )  # fmt: skip
    assert names("Ask falcon 7b for more.")
    assert not names("Ask the falcon for more.")
    assert names("Qwen would say so.")


@pytest.mark.parametrize(
    "end", ["Kind regards,", "Best,", "Yours sincerely,", "Mit freundlichen Grüßen,", "Cordialement,"]
)
def test_a_letter_that_takes_its_leave_is_whole(end):
    letter = "Dear Ann,\n\nthank you for your letter; I was glad to read of you and of your garden after so long.\n\n"
    assert not looks_cut(letter + end)
    assert looks_cut(letter + "I have seen Tom, Eve,")


@pytest.mark.parametrize(
    "text",
    [
        "my number is 4155552671", "手机13812345678", "1-415-555-2671", "06 12 34 56 78", "Call me: 0171 2345678",
        "电话 13912345678", "Ruf mich an: 01712345678", "my cell 2125550123",
    ],
)  # fmt: skip
def test_a_telephone_number_that_is_said_or_stands_alone_is_found(text):
    assert has_personal(text)


@pytest.mark.parametrize(
    "text",
    [
        "4294967295", "2147483648", "3000000000 people", "06 07 08 09 10", "sum 4155552671", "13812345678 is prime",
        "the number 9876543210", "10 20 30 40 50", "1-2-3", "phone model 1234567890",
    ],
)  # fmt: skip
def test_numbers_without_a_telephone_are_nobodys(text):
    assert not has_personal(text)


@pytest.mark.parametrize(
    "text",
    ["I am ", "as ", "I was made by ", "I am a large model ", "falcon ", "ich kann nicht ", "我是", "06 12 34 56 78 "],
)
def test_looking_for_warnings_takes_no_time_that_grows_with_the_square(text):
    few, many = (text * (chars // len(text)) for chars in (20_000, 200_000))
    for look in (names, refuses, has_personal):
        assert growth(lambda: look(few), lambda: look(many), 10) < LINEAR  # noqa: B023  called at once
