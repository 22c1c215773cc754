// Written by scripts/distribution-keys.ts from Debian's ubuntu-archive-keyring and ubuntu-cloud-keyring 2023.11.28.1-0.2; change it there.
import type { TrustKey } from "../../packages/contract.ts";

/** The key that signs the archive since 18.04. */
export const ubuntuKeys: readonly TrustKey[] = [
  {
    fingerprint: "F6ECB3762474EDA9D21B7022871920D1991BC93C",
    owner: "Ubuntu Archive Automatic Signing Key (2018) <ftpmaster@ubuntu.com>",
    source: "ubuntu-archive-keyring 2023.11.28.1-0.2, ubuntu-archive-keyring.gpg",
    armored: `-----BEGIN PGP PUBLIC KEY BLOCK-----

xv8AAAINBFufwdoBEADv/Gxytx/LcSXYuM0MwKojbBye81s0G1nEx+lz6VAUpIUZ
nbkqdXBHC+dwrGS/CeeLuAjPRLU8AoxE/jjvZVp8xFGEWHYdklqXGZ/gJfP5d3fI
UBtZHZEJl8B8m9pMHf/AQQdsC+YzizSG5t5Mhnotw044LXtdEEkx2t6Jz0OGrh+5
IoxqX7pZiq6Cv19BohaUioKMdp7ES6RYfN7ol6HSLFlrMXtVfh/ijpN9j3ZhVGVe
RC8kKHQsJ5PkIbmvxBiUh7SJmfZUx0IQhNMaDHXfdZAGNtnhzzNReb1FqNLSVkrS
/PnsAQzMhG1BDm2VOSF64jebKXffFqM5LXRQTeqTLsjUbbrqR6s/GCO8UF7jfUj6
I7taLygmsHO/JD4jpKRC0gbpUBfaiJyLvuepx3kWoqL3sN0LhlMI80+fA7GTvoOx
4tpqVlzlE6TajYu+jfW3QpOFS5ewEMdL26hzxsZg/geZvTbArcP+OsJKRmhv4kNo
6AydyHQ/3ZV/f3X9mT3/SPLbJaumkgp3Yzd6t5PeBu+ZQk/mN5WNNuaihNEV7llb
1ZhvY0Fxu9BVd/BNl0rzuxp3rIinB2TX2SCg7wE5xXkwXuQ/2eTDE0v0HlGntkuZ
jGowDZkxHZQSxZVOzdZCRVaX/WEFLpKa2AQpw5RJrQ4oZ/OfifXyJzP27o03wQAR
AQABzf8AAABCVWJ1bnR1IEFyY2hpdmUgQXV0b21hdGljIFNpZ25pbmcgS2V5ICgy
MDE4KSA8ZnRwbWFzdGVyQHVidW50dS5jb20+wv8AAAI4BBMBCgAiBQJbn8HaAhsD
BgsJCAcDAgYVCAIJCgsEFgIDAQIeAQIXgAAKCRCHGSDRmRvJPCxzEACktnJ8c/+V
mqAjlgK3+YOlB23jgoHOQwZtIQrhQ2Vlr+Nu2hnotwj7i8NAxiwl2XcnOXahPJr4
zJTppgCipY9bhoN02Am0Fo1j3jJwT2W5BYJGaFye/+gge21kYbdbB86bdS02fkmA
8DsCevEEaew0WmZfWOkIlG3roatg1HE6H1WwcW4a3JDeGbXi75vv5xvZv3IqKXOu
i8EXZManyd9gsqvtU0uVWiCQxuw1s4hvim7uqggzOEDZYNyx+6deAq0cQG3OJb6I
UYLFeHkKrCHHRZLlWORzz49ivE6qWOkk3vBodGqaxtUVfGSmstykjKZ8ldXwCp+H
zPW8oi80AKLwtC2fTDDLKwEv+OQLwtyBCkkoYyxZ9V9XUQojuv+45mRKGbQKed4Z
H/EjAbIu/IVTawbpmcHyHQQNb9tvi2OMUCvKuFwqEXAPRvqb81PWFVu3EZw2WRpd
LsDsO8/T5EAReShSo1g8+HwpPiuvmLRqaLxinpBgW/COxAOlKbz4KgP0HSNLdSAT
9DdOkUHLNX1GgEBLc+gxsuc5EYUeKRkmZ/nRRE+z3QIxCvOMuwXWOLflNY3EiLwY
9Bdgey8ES+8RqUqSCov3pAFy7Nde27xR2gr5lGDeyVadRjJlRcYSHceghZt38RvE
IzW+bXq3v2KivrjoHF58tVJcLQlM5a0mjw==
=NQnK
-----END PGP PUBLIC KEY BLOCK-----
`,
  },
];

/** Keys that sign sums of images and root tarballs, and nothing in the archive. */
export const ubuntuImageKeys: readonly TrustKey[] = [
  {
    fingerprint: "843938DF228D22F7B3742BC0D94AA3F0EFE21092",
    owner: "Ubuntu CD Image Automatic Signing Key (2012) <cdimage@ubuntu.com>",
    source: "ubuntu-archive-keyring 2023.11.28.1-0.2, ubuntu-archive-keyring.gpg",
    armored: `-----BEGIN PGP PUBLIC KEY BLOCK-----

xv8AAAINBE+tjmgBEAC7pKK78t89DW7mvMoSgiScLfPNF8/TSF380is0hFRL3dOm
cXEfNsX26jtv8bdvvtkElB1fPwOntmqSAsrLOuURVQ6GSxH7IDU5QFfaTIsudtLR
5YTlC3ZuOTOb1HWEK26fDRXuIWjhFDXJH3KLv+rSrq0+x7ZtH++CHq5XJWk7VUh/
wWcGxZefs7+1HTivymhjXCOwQvqblzZ5MAec9i4QIXxkqX1HY7ryxGVdjj9lApOn
oU5EcSYr08cm7xQEgrdDLAZFQxDYBLDuV6E6jKEfAfwZINSEe4Ocm82vtCF5K0Hi
whFU09ky2yogbMuTTi2f8ibN8SbbhZDJlDPd2ZkkpsKNfIALmOiPhHGvXGmtg6Fd
zRUOSGirSm8tcakpS+d0/IElbD453sksxg6s3cTs7Q+PudaccyQ0BqatMnzmfxCV
OotT65kVnmz2P+4Q0gRSQ/Zi9Inz+OrzWxtn6/Tdw+FMUwvBccxW1r88k6uVLz23
jW/8jOuwnUp4JKmZta/U2UZKTyPyrvTYhp/zK332BEnxiRY4ZfQjA4Iwlw00l4pY
BDLLc6TFJtLbDv859UCisXa8MtWYWrlM3YfGFs9k1WemML8u79g2DK8g3VPkD94Q
5anqufEGm74K/keOmss8cQoBX9VPFMpS1mFCT+2UdGP0UvMlADct0aFnAwtb9QAR
AQABzf8AAABBVWJ1bnR1IENEIEltYWdlIEF1dG9tYXRpYyBTaWduaW5nIEtleSAo
MjAxMikgPGNkaW1hZ2VAdWJ1bnR1LmNvbT7C/wAAAjcEEwEKACEFAk+tjmgCGwMF
CwkIBwMFFQoJCAsFFgIDAQACHgECF4AACgkQ2Uqj8O/iEJJIQBAAiY2WV7gGmzKw
uPWedh8sFWYqSYKFebnzIti0GDJMhilUEPxO+JVI3HDJm0OI9NIoU2Afhf4tvQMX
2ryZ5UqVoJsIzzuGGOY76KFIl0JlR19dKDNcN/mPcEnJnlGNyIU7cIhWgSa+k2e0
bzk4P6W0NBr88TZZEqG7qhQmdNt5nJdmOzpGNT2YMYi2nw+kcdjv4HJUD7OGHx6P
GykQOKNdO9NpxPGBPnYsSIAEMOu08YauYnTcbFqbnSqvSdXy4JxM+4vQCVDn9drI
PV+2b6V2d0LzFeYjrywOA0S7/RyMcs+9F6nmpEvrs3yl7gjM4XVEyG/7TQAjQd+/
q3iKnT7MlBd7cVclmi9YzJEbL+te8igImLzzcDA0b62yoieCHJ3eLT85qs+RwRVM
lC57NycyTY6YCgryxoVavpVbHaTJaUMRBuf24cyYAdY6yG5HDkn50NctBr/QiLXp
ftatARzJ9HT1VmjXymBRrM+IoFvro//wtPf4LRjJu/D0H46hKEdo/02pv7ZrnMUi
t99cn5uWoNgkGBgt27MHyCPuBGp1/XTf0Rt/9nbEsmK7lqUyEBul2u/gGbWAQxFz
WKL4HSbV1slLVtF+0eryI4dR2Hq93Ueoryfqv21hmOOcx3jQTVN94ZZ5cRBDYn90
Wf4/8N0oxq7UkCuvZmjUeqJ6uPdnvus=
=YMfi
-----END PGP PUBLIC KEY BLOCK-----
`,
  },
  {
    fingerprint: "D2EB44626FDDC30B513D5BB71A5D6C4C7DB87C81",
    owner: "UEC Image Automatic Signing Key <cdimage@ubuntu.com>",
    source: "ubuntu-cloud-keyring 2023.11.28.1-0.2, ubuntu-cloudimage-keyring.gpg",
    armored: `-----BEGIN PGP PUBLIC KEY BLOCK-----

xv8AAAINBEqwKTUBEAC8V01JGfeYVVlwlcr0dmwF8n+We/lbxwArjR/gZlH7/MJE
ZnALQHUrDTpD3SkfbsjQgeNt8eS3Jyzoc2r3t2nos4rXPH4kIzAvtqslz6Ns4ZYj
oHVkVC2oV8vYbxER+3/lDjTWVII7omtDVvqH33QlqYZ8+bQbs21lZb2ROJIQCiH0
YzaqYR0I2SEykBL873V0ygdyW/mCMwniXTLUyGAUV4/28NOzw/6LGvJElJe4UqwQ
xl/aXtPIJjPka8LA8+nDi5/u6WEgDWgBhLEHvQG1BNdttm3WCjbu4zS3mNfNBidT
amZfOaMJUZVYxhOB5kNQqyR4eYqFK/U+305eLrZ05ocadsmcQWkHQVbgt+g4yyFN
l56N5AirkFjVtfArkUJfINGgJ7gkSeyqTJK24f33vsIpPwRQ5eFn7H4PwGc0Piym
73YLJnlR94LNEG0ceOJ7u1r+WuaesIj+lKIZsG/rRLf7besaMCCtPcimVgEAmBoI
dpTpdP3aa54w/dvfSwW47mGY14G5PBk/0MDy2Y5HOeXat3RXpGZZFh7zbwSQ93Rh
YH3bNPNd5lMu3ZRkYX19FWxoLCi5lx4K3flYhiolZ5i4KxJCoGRobsKjm74Xv2Ql
vCXYyAk5BnAQCsu5hKZ1sOhQADCcKz1Zbg8JRc3vmelaJ/VFvHTzs4hJTUvOowAR
AQABzf8AAAA0VUVDIEltYWdlIEF1dG9tYXRpYyBTaWduaW5nIEtleSA8Y2RpbWFn
ZUB1YnVudHUuY29tPsL/AAACNwQTAQIAIQIbAwIeAQIXgAUCSrAqJQULCQgHAwUV
CgkICwUWAgMBAAAKCRAaXWxMfbh8gS4nD/4143y4bNueaE/IJrwV0vVgxknaT4mj
MXdAhxMh7k/13VrKFFGFwDwLYvBcpNivfZs3vp+EiwkUSYcamJXKVctonHONf1ZC
iPXf6ReLeeETOU5XnWKSlVe8U4KFB2abi9pls2k+tTM0QMVKqmlONv8Ui8S7f56K
8jx6OeyIISV2wHJoC4RU9H2ZrQ8vXA+CAb7q2RenEbjCV48WZrLJ7TB7BWZeDxAt
6Ef1oCQN+zq4zFXo/a/iQPdPb6+Sv1Dvj9oFmDh/9gpxg5Wk7u9sFKy3+kFeYzMi
nOvhu38OW0yXfZRPCpth/uM/XvreyDr/aMaI7xErtu3sQ+C1O0o82ZaGJ5pUwrHR
8IEiVZ3/pal6GXlDU/U5pLvFc8AqBMU8KPXsWiVB3jvAAZH7CVZq8uNKL80AB4eN
u/ujacYJFhK1aHJ5ueCzyELnGWCa4NPLP2s0cwo5bGAobGljLxpTGUKOdjLi7xEx
1T7UoID+7C3iDpUvvLTtcpEiWOuY/AB2AVeoW/RDo1pqqcd9xl5/AMgj4jLPf6Zn
jiNFemDJuhwiwMGW/q0UuoHMrfXZVsi1NEC5aZsB0jlSTL9q5zQlLc+qW/Mv6PQD
dmePEaR/QvXH7+HQH27WJ+7k3fjN4JOMclEURINsbg562mBbOnGetP20sutxsU8o
v3AnNEuexoLTig==
=XLoD
-----END PGP PUBLIC KEY BLOCK-----
`,
  },
  {
    fingerprint: "4A3CE3CD565D7EB5C810E2B97FF3F408476CF100",
    owner:
      "Ubuntu Cloud Image Builder (Canonical Internal Cloud Image Builder) <ubuntu-cloudbuilder-noreply@canonical.com>",
    source: "ubuntu-cloud-keyring 2023.11.28.1-0.2, ubuntu-cloudimage-keyring.gpg",
    armored: `-----BEGIN PGP PUBLIC KEY BLOCK-----

xv8AAAINBFCMc9EBEADDKn9mOi9VZhW+0cxmu3aFZWMg0p7NEKuIokkEdd6P+BRI
TccOddDLaBuuamMbt/V1vrxWC5J+UXe33TwgO6KGfH+ECnXD5gYdEOyjVKkUyIzY
V5RVU5BMrxTukHuh+PkcMVUy5vossCk9MivtCRIqM6eRqfeXv6IBV9MFkAbG3x96
ZNI/TqaWTlaHGszz2Axf9JccHCNfb3muLI2uVnUaojtDiZPm9SHTn6O0p7Tz7M7+
P8qyvc6bdn5FYAk+Wbo+zejYVBG/HLLE4+fNZPESGVCWZtbZODBPxppTnNVm3E84
CTFtpmWFBvBE/q2G9e8s5/mP2ATrzLdUKMxr3vcbNX+NY1Uyvn0Z02PjbxThiz1G
+4qh6Ct7gprtwXPOB/bCITZL9YLrchwXiNgLLKcGF0XjlpD1hfELGi0aPZaHFLAa
6qq8Ro9WSJljY/Z0g3woj6sXpM9TdWe/zaWhxBGmteJl33WBV7a1GucN0zF1dHIv
ev4Fkrp13Uej3bMWLKUWCmZ01OHStLASshTqVxIBj2rgsxIcqH66DKTSdZWyBQtg
m/kCqBvuoQLFfUgIlGZihTQ96YZXqn+VfBiFbpnh1vLt24CfnVdKmzibp48Kkhfq
duDEXxx/f/uZENH7t8xCuNd3p+u1zemGNnxuO8jxS6Ico3bvnJaG4DAl48vaBQAR
AQABzf8AAABvVWJ1bnR1IENsb3VkIEltYWdlIEJ1aWxkZXIgKENhbm9uaWNhbCBJ
bnRlcm5hbCBDbG91ZCBJbWFnZSBCdWlsZGVyKSA8dWJ1bnR1LWNsb3VkYnVpbGRl
ci1ub3JlcGx5QGNhbm9uaWNhbC5jb20+wv8AAAI4BBMBAgAiBQJQjHPRAhsDBgsJ
CAcDAgYVCAIJCgsEFgIDAQIeAQIXgAAKCRB/8/QIR2zxAL0SEADCxOGTGIi78EqF
jwInDPtxSJ2qj9q39WRH9ZOte+fxtp/HBt7ytJyBUBPQrrPrcti604IJu/aJ1dig
RhknCnt4GvpnjrcY+tNVne83XtdCFlGtcJU8T1wcS6OraReLOGsOsVjn+DhamHz1
OHrCm5RWJ9XjCg3ed7N/9dt7vAWasxQvFkjKJGOloAWvob6+Sd6mjU/eVF6NbZDH
+uWV4nr3ECfh626dZuabJR4HeT6s5bpbTVnj8M6ph1139eMyNUCrW3OFI1z0Pmuf
bpWS1XXKb5m48R3WXytDSaUF/o+T1OmzLkN0EzLHLr6x+FuNf83GTxWj5HSROflX
GAy9ewwRVc5JyXgtbszR8UakjEUMvX8zrme9gEaI7y9/nMj0daq6kgnHl9fyqfN/
D9vwm3jbycWnbZYsCOq81ICu5qtQcOS08gaN5i8M0SdPniR3rzacZelaBcrqAN6w
nqMhOKJ96GodRogCbee+sVzA6GtRnY92LZ2SLRGl942/WQd4s/VpM2VpWbLLHcmT
DZqWFd9AMo9whCsrq2BfZcyEFsmLDTwaFzkTYe945ByZi+oNbHTGsQGXkKiqs512
7oQW7fJZGxBzCUrcXNiBmWjaUPv9ywsG8AqYVZ0jKvsZd4i4OnNLOLkZ+hRl/vGp
J5nP33qb0Xvm2p7ar4M/kjDyq43nrw==
=kqxg
-----END PGP PUBLIC KEY BLOCK-----
`,
  },
];
