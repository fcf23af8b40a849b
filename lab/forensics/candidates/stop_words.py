"""Words that carry no topic, in the European languages that prompts are most often written in, folded.

A phrase of these alone is no pattern, however often it stands in the rows of one expert. Words that mean something in
another of these languages (die, war, ai, sin) are left out: they must prove themselves by their precision.
"""

from __future__ import annotations

_BY_LANGUAGE = {
    "en": """
        a about after again all also am an and any anyone anything are aren't as ask at away back be because been before
        being both but by can can't could couldn't did didn't do does doesn't doing don't done down each else ever every
        everything few for from get gets getting give go going gonna got had has have haven't having he hello help her
        here hers hey hi him his how how's i i'd i'll i'm i've if im in into is isn't it it's its just know let let's
        like lot made make many may maybe me might mine more most much must my myself need no nor not now of off ok okay
        on once one only or other our out over own please put really right said same say see she should shouldn't since
        so some someone something still such sure take tell than thank thanks that that's the their them then there
        there's these they they're thing things think this those through to too try two under until up us use very want
        wanna was wasn't way we we're well were what what's when where where's which while who who's why will with won't
        would wouldn't yes yet you you're your yours don t s m re ve ll d
    """,
    "de": """
        aber alle als also am an auch auf aus bei bis bitte da das dass dein dem den der des dich dies diese dieser dir
        doch du ein eine einem einen einer es er für hab habe haben hallo hast ich ihr im in ist ja kann kannst kein
        keine mein meine mich mir mit nach nein nicht noch nur oder ob sehr sein sich sie sind so um und uns vom von vor
        was wenn wer wie wir wird wo zu zum zur über
    """,
    "fr": """
        au aux avec c'est ce ces cette comme comment dans de des du elle en est et eu il ils je j'ai l la le les leur
        lui mais me mes moi mon ne nous on ou où par pas qu que quel quelle qui quoi sa se ses si sont sur ta te tes toi
        tu un une vous à été être
    """,
    "es": """
        al algo como con cuando cómo de desde donde el ella en entre es esa ese esta este esto está hay la las le les lo
        los me mi mis muy más ni nos o para pero por porque que qué se ser si sobre su sus sí también te tu tus un una
        uno y ya yo él
    """,
    "pt": """
        ao aos as com como da das de do dos e ela ele em essa esse esta este eu foi isso mais mas me meu minha muito na
        nas no nos não o ou para pela pelo por que quem se sem seu sua são também te um uma você à é
    """,
    "it": """
        al alla anche che chi ci come con cosa da dalla dei della delle di e gli ha ho il in io la le lo mi mia mio ne
        nel nella non o per perché più quando questo se si sono su ti tra tu un una uno è
    """,
    "nl": """
        aan als bij dat de dit een en er het hij hoe ik in is je kan maar me met mijn naar niet nog of om ook op te voor
        was wat we wel wie zijn zo
    """,
}

STOP_WORDS = frozenset(" ".join(_BY_LANGUAGE.values()).split())
